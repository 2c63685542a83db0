//===- SafetensorsHeader.cpp - From JSON to tensors -----------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The entries of a header become `TensorInfo`s while they are parsed: no tree
// is built, since a header of 90,000 tensors would take two hundred megabytes
// as one. Names, shapes and foreign dtypes are copied into the checkpoint's
// arena, all else is dropped. Each entry is checked for itself when it ends;
// what takes all entries (duplicates, overlaps, the end of the file) when the
// text ends.
//
//===----------------------------------------------------------------------===//

#include "Sax.h"
#include "mergec/Checkpoint/Safetensors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mergec;

namespace {

constexpr llvm::StringLiteral DamagedHint =
    "the file is damaged, or was written by a faulty tool: download or convert "
    "it again";
constexpr llvm::StringLiteral TruncatedHint =
    "the file was not written or downloaded to its end: fetch it again";

std::string shapeInWords(llvm::ArrayRef<int64_t> Shape) {
  std::string Text = "[";
  llvm::raw_string_ostream OS(Text);
  llvm::interleaveComma(Shape, OS);
  return Text + "]";
}

/// As the text has it.
std::string inWords(const JsonScalar &Value) {
  switch (Value.Kind) {
  case JsonScalar::Natural:
    return std::to_string(Value.Number);
  case JsonScalar::Text:
    return ("\"" + Value.Spelling + "\"").str();
  case JsonScalar::Other:
    break;
  }
  return Value.Spelling.str();
}

class HeaderReader : public SaxReader<HeaderReader> {
public:
  HeaderReader(uint64_t DataStart, uint64_t FileBytes, uint32_t File,
               Checkpoint &Into, Faults &Found)
      : DataStart(DataStart), DataBytes(FileBytes - DataStart), File(File),
        Into(Into), Found(Found), FirstTensor(Into.Tensors.size()) {}

  void onKey(llvm::StringRef Name);
  void onScalar(const JsonScalar &Value);
  void onStart(bool IsObject);
  void onEnd(bool IsObject);

  /// What can be said only when all entries are known.
  void finish();

private:
  enum Field : uint8_t { DTypeField, ShapeField, OffsetsField, OtherField };
  static constexpr llvm::StringLiteral FieldNames[] = {"dtype", "shape",
                                                       "data_offsets"};
  // `Depth` where the parts of a header stand.
  enum : size_t { AtRoot, AtEntry, AtField, AtElement };

  bool inField() const { return InEntry && Current != OtherField; }
  void rootFault();
  void entryFault();
  void fieldFault(const llvm::Twine &Text);
  void beginEntry() {
    InEntry = true;
    Seen = Faulty = 0;
    Current = OtherField;
    Shape.clear();
    Offsets.clear();
  }
  void finishEntry();
  void reportPastEnd();
  void reportOverlaps();
  void reportDuplicates();
  llvm::MutableArrayRef<TensorInfo> mine() {
    return llvm::MutableArrayRef(Into.Tensors).drop_front(FirstTensor);
  }

  const uint64_t DataStart, DataBytes;
  const uint32_t File;
  Checkpoint &Into;
  Faults &Found;
  const size_t FirstTensor;

  bool IsUseless = false; ///< The root is not an object: nothing inside counts.

  // The entry being read.
  std::string Name;
  bool IsMetadata = false, InEntry = false;
  unsigned Seen = 0;   ///< Which fields were there, as bits.
  unsigned Faulty = 0; ///< Which of them have been complained of.
  Field Current = OtherField;
  DType Type = DType::Opaque;
  std::string TypeName;
  llvm::SmallVector<int64_t, 8> Shape;
  llvm::SmallVector<uint64_t, 2> Offsets;

  bool HasMetadata = false;
  // Tensors that end behind the file's end: the first, the farthest, how many.
  std::string PastEnd;
  uint64_t FarthestEnd = 0;
  size_t PastEndCount = 0;
};

void HeaderReader::rootFault() {
  IsUseless = true;
  Found.add("the header is not a JSON object", DamagedHint);
}

void HeaderReader::entryFault() {
  if (IsMetadata)
    Found.add("`__metadata__` is not a JSON object", DamagedHint);
  else
    Found.add("tensor " + quotedName(Name) +
                  " is not described by a JSON object",
              DamagedHint);
}

void HeaderReader::fieldFault(const llvm::Twine &Text) {
  if (Faulty & (1u << Current))
    return;
  Faulty |= 1u << Current;
  Found.add("tensor " + quotedName(Name) + ": `" + FieldNames[Current] + "` " +
                Text,
            DamagedHint);
}

void HeaderReader::onKey(llvm::StringRef Key) {
  if (IsUseless)
    return;
  if (Depth == AtEntry) {
    Name.assign(Key.data(), Key.size());
    IsMetadata = Key == "__metadata__";
    if (IsMetadata && std::exchange(HasMetadata, true))
      Found.add("`__metadata__` is given twice", DamagedHint);
    return;
  }
  if (Depth != AtField || !InEntry)
    return;
  const auto *At = llvm::find(FieldNames, Key);
  Current = static_cast<Field>(At - std::begin(FieldNames));
  if (Current == OtherField)
    return;
  if (Seen & (1u << Current))
    fieldFault("is given twice");
  Seen |= 1u << Current;
}

void HeaderReader::onScalar(const JsonScalar &Value) {
  if (IsUseless)
    return;
  if (Depth == AtRoot) {
    rootFault();
  } else if (Depth == AtEntry) {
    entryFault();
  } else if (Depth == AtField && inField()) {
    if (Current != DTypeField)
      return fieldFault("is not a list of numbers");
    if (Value.Kind != JsonScalar::Text)
      return fieldFault("is not a string");
    std::optional<DType> Known = dtypeFromSafetensors(Value.Spelling);
    Type = Known.value_or(DType::Opaque);
    TypeName.assign(Value.Spelling.data(), Value.Spelling.size());
  } else if (Depth == AtElement && inField() && Current != DTypeField) {
    bool Fits = Value.Kind == JsonScalar::Natural &&
                (Current == OffsetsField ||
                 Value.Number <= uint64_t(std::numeric_limits<int64_t>::max()));
    if (!Fits)
      return fieldFault("holds " + quotedName(inWords(Value)) +
                        ", which is not a whole number from 0 to 2^63-1");
    if (Current == ShapeField)
      Shape.push_back(Value.Number);
    else
      Offsets.push_back(Value.Number);
  }
}

void HeaderReader::onStart(bool IsObject) {
  if (IsUseless)
    return;
  if (Depth == AtRoot && !IsObject) {
    rootFault();
  } else if (Depth == AtEntry) {
    if (!IsObject)
      entryFault();
    else if (!IsMetadata)
      beginEntry();
  } else if (Depth == AtField && inField()) {
    if (Current == DTypeField)
      fieldFault("is not a string");
    else if (IsObject)
      fieldFault("is not a list of numbers");
  } else if (Depth == AtElement && inField()) {
    fieldFault("holds more than numbers");
  }
}

void HeaderReader::onEnd(bool) {
  if (Depth == AtEntry && std::exchange(InEntry, false))
    finishEntry();
}

void HeaderReader::finishEntry() {
  auto Fault = [&](const llvm::Twine &Text) {
    Found.add("tensor " + quotedName(Name) + Text, DamagedHint);
  };
  std::string Absent;
  for (unsigned F = DTypeField; F != OtherField; ++F)
    if (!(Seen & (1u << F)))
      Absent +=
          (Absent.empty() ? "`" : " and no `") + FieldNames[F].str() + "`";
  if (!Absent.empty())
    return Fault(" has no " + Absent);
  if (Faulty)
    return;

  if (Offsets.size() != 2)
    return Fault(": `data_offsets` holds " + counted(Offsets.size(), "number") +
                 ", not begin and end");
  uint64_t Begin = Offsets[0], End = Offsets[1];
  if (Begin > End)
    return Fault(": `data_offsets` end before they begin: [" +
                 llvm::Twine(Begin) + ", " + llvm::Twine(End) + "]");

  // A zero anywhere makes the tensor empty, whatever the others multiply to.
  uint64_t Bits = 1;
  bool Overflows = false;
  if (llvm::is_contained(Shape, 0)) {
    Bits = 0;
  } else {
    for (int64_t Extent : Shape) {
      bool Over = false;
      Bits = llvm::SaturatingMultiply<uint64_t>(Bits, Extent, &Over);
      Overflows |= Over;
    }
    if (Type != DType::Opaque) {
      bool Over = false;
      Bits = llvm::SaturatingMultiply<uint64_t>(Bits, bitWidth(Type), &Over);
      Overflows |= Over;
    }
  }
  auto What = [&] { return TypeName + " " + shapeInWords(Shape); };
  if (Overflows)
    return Fault(" is " + What() + ", more than any file can hold");
  if (Type != DType::Opaque) {
    if (Bits % 8)
      return Fault(" is " + What() + ", which is not a whole number of bytes");
    if (Bits / 8 != End - Begin)
      return Fault(" is " + What() + ", so " + counted(Bits / 8, "byte") +
                   ", but its `data_offsets` [" + llvm::Twine(Begin) + ", " +
                   llvm::Twine(End) + "] span " + llvm::Twine(End - Begin));
  }
  if (End > DataBytes) {
    if (!PastEndCount++)
      PastEnd = Name;
    FarthestEnd = std::max(FarthestEnd, End);
    return;
  }

  TensorInfo Tensor;
  Tensor.Name = llvm::StringRef(Name).copy(Into.Arena);
  Tensor.Shape = llvm::ArrayRef<int64_t>(Shape).copy(Into.Arena);
  Tensor.Offset = DataStart + Begin;
  Tensor.Bytes = End - Begin;
  Tensor.File = File;
  Tensor.Type = Type;
  Into.Tensors.push_back(Tensor);
  if (Type == DType::Opaque)
    Into.ForeignTypes.push_back(
        {Tensor.Name, llvm::StringRef(TypeName).copy(Into.Arena)});
}

void HeaderReader::reportPastEnd() {
  if (!PastEndCount)
    return;
  constexpr uint64_t AnyFile = uint64_t(1) << 50; // Nobody truncated that much.
  uint64_t Needed = llvm::SaturatingAdd(DataStart, FarthestEnd);
  std::string Others =
      PastEndCount == 1
          ? std::string()
          : " and " + counted(PastEndCount - 1, "other") + " past it";
  Found.add("the file ends at byte " + llvm::Twine(DataStart + DataBytes) +
                ", but its header places tensor " + quotedName(PastEnd) +
                (Others.empty() ? " up to byte " : Others + ", up to byte ") +
                llvm::Twine(Needed),
            FarthestEnd > AnyFile ? DamagedHint : TruncatedHint);
}

/// Walks the tensors by offset, with the one that reaches farthest so far.
void HeaderReader::reportOverlaps() {
  std::vector<const TensorInfo *> ByOffset;
  for (const TensorInfo &T : mine())
    if (T.Bytes)
      ByOffset.push_back(&T);
  auto Earlier = [](const TensorInfo *A, const TensorInfo *B) {
    return A->Offset != B->Offset ? A->Offset < B->Offset : A->Name < B->Name;
  };
  if (!llvm::is_sorted(ByOffset, Earlier))
    llvm::sort(ByOffset, Earlier);
  const TensorInfo *Farthest = nullptr;
  for (const TensorInfo *T : ByOffset) {
    if (Farthest && T->Offset < Farthest->Offset + Farthest->Bytes)
      Found.add("tensors " + quotedName(Farthest->Name) + " and " +
                    quotedName(T->Name) + " overlap at byte " +
                    llvm::Twine(T->Offset),
                DamagedHint);
    if (!Farthest || T->Offset + T->Bytes > Farthest->Offset + Farthest->Bytes)
      Farthest = T;
  }
}

void HeaderReader::reportDuplicates() {
  auto Tensors = mine();
  for (size_t I = 1; I < Tensors.size(); ++I)
    if (Tensors[I].Name == Tensors[I - 1].Name)
      Found.add("tensor " + quotedName(Tensors[I].Name) + " is listed twice",
                DamagedHint);
}

void HeaderReader::finish() {
  reportPastEnd();
  reportOverlaps();
  auto ByName = [](const TensorInfo &A, const TensorInfo &B) {
    int Order = A.Name.compare(B.Name);
    return Order < 0 || (Order == 0 && A.Offset < B.Offset);
  };
  if (!llvm::is_sorted(mine(), ByName))
    llvm::sort(mine(), ByName);
  reportDuplicates();
}

} // namespace

void mergec::parseSafetensorsHeader(llvm::StringRef Json, uint64_t DataStart,
                                    uint64_t FileBytes, uint32_t File,
                                    Checkpoint &Into, Faults &Found) {
  HeaderReader Reader(DataStart, FileBytes, File, Into, Found);
  std::optional<size_t> Offset = Reader.read(Json);
  if (Offset && *Offset >= Json.size())
    Found.add("the header's JSON stops in the middle", DamagedHint);
  else if (Offset)
    Found.add("the header is not valid JSON at byte " +
                  llvm::Twine(*Offset + LengthBytes) + " of the file",
              DamagedHint);
  Reader.finish();
}
