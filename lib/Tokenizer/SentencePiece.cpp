//===- SentencePiece.cpp - Reading tokenizer.model ------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A SentencePiece model is a protocol buffer of which little is needed: the
// pieces (field 1: text, score, type), and a few facts of how it was trained
// (field 2) and of how it normalises (field 3). Fields are read as they come
// and unknown ones skipped, as the format asks.
//
//===----------------------------------------------------------------------===//

#include "Reader.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Endian.h"

using namespace mergec;
using namespace mergec::tokenizer;

namespace {

/// One field of a message; `Bytes` of a length-delimited one, else `Number`.
struct Field {
  uint32_t Number = 0;
  uint32_t Wire = 0;
  uint64_t Value = 0;
  llvm::StringRef Bytes;
};

class MessageReader {
public:
  explicit MessageReader(llvm::StringRef Rest) : Rest(Rest) {}

  /// False at the end, or where the bytes are no field: then `broken`.
  bool next(Field &F) {
    if (Rest.empty() || Broken)
      return false;
    uint64_t Tag = varint();
    F.Number = Tag >> 3;
    F.Wire = Tag & 7;
    switch (F.Wire) {
    case 0:
      F.Value = varint();
      break;
    case 1:
      F.Bytes = take(8);
      break;
    case 2:
      F.Bytes = take(varint());
      break;
    case 5:
      F.Bytes = take(4);
      if (!Broken)
        F.Value = llvm::support::endian::read32le(F.Bytes.data());
      break;
    default:
      Broken = true;
    }
    Broken |= F.Number == 0;
    return !Broken;
  }
  bool broken() const { return Broken; }

private:
  uint64_t varint() {
    uint64_t Value = 0;
    for (unsigned Shift = 0; Shift < 64; Shift += 7) {
      if (Rest.empty())
        break;
      auto Byte = static_cast<unsigned char>(Rest.front());
      Rest = Rest.drop_front();
      Value |= uint64_t(Byte & 0x7f) << Shift;
      if (!(Byte & 0x80))
        return Value;
    }
    Broken = true;
    return 0;
  }
  llvm::StringRef take(uint64_t Size) {
    if (Size > Rest.size()) {
      Broken = true;
      return {};
    }
    llvm::StringRef Taken = Rest.take_front(Size);
    Rest = Rest.drop_front(Size);
    return Taken;
  }

  llvm::StringRef Rest;
  bool Broken = false;
};

bool isUTF8(llvm::StringRef Text) {
  const auto *Begin = reinterpret_cast<const llvm::UTF8 *>(Text.begin());
  return llvm::isLegalUTF8String(
      &Begin, reinterpret_cast<const llvm::UTF8 *>(Text.end()));
}

class ModelReader {
public:
  ModelReader(Tokenizer &T, Faults &Found) : T(T), Found(Found) {}

  bool read(llvm::StringRef Bytes) {
    MessageReader Message(Bytes);
    for (Field F; Message.next(F);) {
      if (F.Wire != 2)
        continue;
      if (F.Number == 1 && !readPiece(F.Bytes))
        return false;
      if (F.Number == 2 && !readTrainer(F.Bytes))
        return false;
      if (F.Number == 3 && !readNormalizer(F.Bytes))
        return false;
    }
    return !Message.broken() && Pieces;
  }

private:
  bool readPiece(llvm::StringRef Bytes) {
    llvm::StringRef Text;
    float Score = 0;
    uint8_t Type = 1;
    MessageReader Message(Bytes);
    for (Field F; Message.next(F);) {
      if (F.Number == 1 && F.Wire == 2)
        Text = F.Bytes;
      else if (F.Number == 2 && F.Wire == 5)
        Score = llvm::bit_cast<float>(uint32_t(F.Value));
      else if (F.Number == 3 && F.Wire == 0)
        Type = F.Value;
    }
    uint64_t Id = Pieces++;
    if (Message.broken() || !isUTF8(Text))
      return false;
    addPiece(T, Text, Id, "tokenizer.model", Found);
    if (Id < MostIds) {
      T.Scores.push_back(Score);
      T.PieceTypes.push_back(Type);
    }
    return true;
  }

  bool readTrainer(llvm::StringRef Bytes) {
    MessageReader Message(Bytes);
    for (Field F; Message.next(F);) {
      if (F.Wire != 0)
        continue;
      auto Id = static_cast<int32_t>(F.Value); // Negative: there is none.
      switch (F.Number) {
      case 3: // model_type: unigram, bpe, word, char
        T.Facts.IsBPE = F.Value == 2;
        if (F.Value > 2)
          Found.add("`tokenizer.model` is a SentencePiece model of words or "
                    "characters, which mergec can't merge",
                    "use a model with a `tokenizer.json`");
        break;
      case 35:
        T.Facts.ByteFallback = F.Value;
        break;
      case 40:
        T.Facts.Unknown = Id;
        break;
      case 41:
        T.Facts.Begin = Id;
        break;
      case 42:
        T.Facts.End = Id;
        break;
      }
    }
    return !Message.broken();
  }

  bool readNormalizer(llvm::StringRef Bytes) {
    MessageReader Message(Bytes);
    for (Field F; Message.next(F);) {
      if (F.Number == 2 && F.Wire == 2)
        T.Facts.CharsMap = F.Bytes.str();
      else if (F.Number == 3 && F.Wire == 0)
        T.Facts.AddDummyPrefix = F.Value;
      else if (F.Number == 4 && F.Wire == 0)
        T.Facts.RemoveExtraSpaces = F.Value;
    }
    return !Message.broken();
  }

  Tokenizer &T;
  Faults &Found;
  uint64_t Pieces = 0;
};

} // namespace

void tokenizer::readSentencePiece(llvm::StringRef Bytes, Tokenizer &T,
                                  Faults &Found) {
  T.From = Tokenizer::Form::SentencePiece;
  if (!ModelReader(T, Found).read(Bytes))
    Found.add("`tokenizer.model` is not a SentencePiece model, or is cut off",
              MendHint);
  T.How =
      T.Facts.IsBPE ? Tokenizer::Algorithm::BPE : Tokenizer::Algorithm::Unigram;
}
