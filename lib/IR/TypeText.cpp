//===- TypeText.cpp - Types in the IR's text ------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   type ::= `f64` | `selection` | `rowmap`
//          | keyword `<` (extent `x`)* element `>`
//
// with `tensor`, `vec`, `rows` and `cols` as keywords. What stands between the
// angle brackets is one word for the lexer.
//
//===----------------------------------------------------------------------===//

#include "TypeText.h"
#include "mergec/Diagnostics/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include <limits>

using namespace mergec;

/// A type with extents, and how many it has.
struct mergec::TypeKeyword {
  llvm::StringLiteral Name;
  TypeKind Kind;
  unsigned MinExtents, MaxExtents;
  llvm::StringLiteral Form;
};

static constexpr unsigned AnyNumber = ~0u;
static constexpr TypeKeyword Keywords[] = {
    {"tensor", TypeKind::Tensor, 0, AnyNumber, "tensor<4096x14336xbf16>"},
    {"vec", TypeKind::Scalar, 1, 1, "vec<10xf64>"},
    {"rows", TypeKind::Rows, 1, 2, "rows<4096xf64>"},
    {"cols", TypeKind::Columns, 1, 2, "cols<14336xf64>"},
};

static constexpr llvm::StringLiteral Forms =
    "types are `tensor<2x3xbf16>`, `f64`, `vec<3xf64>`, `rows<2xf64>`, "
    "`cols<3xf64>`, `selection` and `rowmap`";

std::optional<TypeText> TypeParser::parse() {
  Token Name = Current;
  if (!Name.is(TokenKind::Word)) {
    if (!Name.is(TokenKind::Bad))
      Diags
          .report(Kind::IRSyntax, Name.range(),
                  "expected a type after `:`, found " + describe(Name))
          .hint(Forms);
    return std::nullopt;
  }
  Current = Lex.next();
  if (Name.Spelling == "f64")
    return TypeText{Type::scalar(), Name.range()};
  if (Name.Spelling == "selection")
    return TypeText{Type::selection(), Name.range()};
  if (Name.Spelling == "rowmap")
    return TypeText{Type::rowMap(), Name.range()};

  const TypeKeyword *K = llvm::find_if(
      Keywords, [&](const TypeKeyword &K) { return K.Name == Name.Spelling; });
  if (K == std::end(Keywords)) {
    Diags
        .report(Kind::IRSyntax, Name.range(),
                "there is no type " + shortened(Name.Spelling))
        .hint(Forms);
    return std::nullopt;
  }
  Token Open = Current;
  Token Inner = Open.is('<') ? Lex.next() : Open;
  Token Close = Inner.is(TokenKind::Word) ? Lex.next() : Inner;
  Current = Close;
  if (!Close.is('>')) {
    if (!Close.is(TokenKind::Bad))
      Diags
          .report(Kind::IRSyntax, Close.range(),
                  "`" + K->Name + "` is not finished: found " + describe(Close))
          .hint("write it as `" + K->Form + "`");
    return std::nullopt;
  }
  Current = Lex.next();
  std::optional<Type> T = parseNamed(*K, Inner);
  if (!T)
    return std::nullopt;
  return TypeText{std::move(*T), {Name.range().Start, Close.range().End}};
}

/// True if so many values of so many bits can be counted in bytes: what sizes
/// and offsets are computed with later must not overflow.
static bool isCountable(llvm::ArrayRef<int64_t> Extents, unsigned Bits) {
  uint64_t Product = Bits;
  for (int64_t Extent : Extents) {
    bool Overflow = false;
    if (Extent != 0)
      Product = llvm::SaturatingMultiply<uint64_t>(Product, Extent, &Overflow);
    if (Overflow || Product > uint64_t(std::numeric_limits<int64_t>::max()))
      return false;
  }
  return true;
}

std::optional<Type> TypeParser::parseNamed(const TypeKeyword &K,
                                           const Token &Inner) {
  llvm::StringRef Element;
  Type T;
  T.Kind = K.Kind;
  if (!readExtents(Inner, Element, T.Shape))
    return std::nullopt;
  std::optional<DType> D = readElement(Inner, Element);
  if (!D)
    return std::nullopt;

  auto Report = [&](const llvm::Twine &Message) -> Diagnostic & {
    return Diags.report(Kind::IRSyntax, Inner.range(), Message);
  };
  if (!isCountable(T.Shape, std::max(8u, bitWidth(*D)))) {
    Report("`" + K.Name + "` is larger than 2^60 bytes")
        .hint("check its extents");
    return std::nullopt;
  }
  if (T.Shape.size() < K.MinExtents || T.Shape.size() > K.MaxExtents) {
    Report("`" + K.Name + "` can't have " + llvm::Twine(T.Shape.size()) +
           " extents")
        .hint("write it as `" + K.Form + "`");
    return std::nullopt;
  }
  T.Element = *D;
  if (T.isTensor()) {
    if (*D == DType::Opaque && T.Shape.size() != 1) {
      Report("an opaque tensor has one extent, its size in bytes")
          .hint("write it as `tensor<1024xopaque>`");
      return std::nullopt;
    }
    return T;
  }

  if (*D != DType::F64) {
    Report("`" + K.Name + "` holds f64, not `" + Element + "`")
        .hint("reductions and functions of numbers are computed in f64");
    return std::nullopt;
  }
  // The last extent of `vec<3xf64>` and `rows<4x3xf64>` is the width.
  if (T.Shape.size() == K.MaxExtents) {
    int64_t Width = T.Shape.back();
    if (Width < 1 || Width > std::numeric_limits<int32_t>::max()) {
      Report("`" + K.Name + "` can't be " + llvm::Twine(Width) +
             " numbers wide")
          .hint("write it as `" + K.Form + "`");
      return std::nullopt;
    }
    T.Width = Width;
    T.Shape.pop_back();
  }
  return T;
}

/// Splits `4096x14336xbf16` into extents and the name of the element type.
bool TypeParser::readExtents(const Token &Inner, llvm::StringRef &Element,
                             std::vector<int64_t> &Extents) {
  Element = Inner.Spelling;
  while (Element.contains('x')) {
    auto [Digits, Rest] = Element.split('x');
    int64_t Extent = 0;
    bool AllDigits = !Digits.empty() && llvm::all_of(Digits, llvm::isDigit);
    if (!AllDigits || Digits.getAsInteger(10, Extent)) {
      Diags
          .report(Kind::IRSyntax,
                  {llvm::SMLoc::getFromPointer(Digits.begin()),
                   llvm::SMLoc::getFromPointer(Digits.end())},
                  shortened(Digits) + " is no extent")
          .hint("extents are whole numbers below 2^63, each with an `x` behind "
                "it, as in `tensor<4096x14336xbf16>`");
      return false;
    }
    Extents.push_back(Extent);
    Element = Rest;
  }
  return true;
}

std::optional<DType> TypeParser::readElement(const Token &Inner,
                                             llvm::StringRef Element) {
  if (std::optional<DType> D = dtypeFromMnemonic(Element))
    return D;
  if (llvm::all_of(Element, llvm::isDigit)) { // `2x3x` or `2x3`
    Diags
        .report(Kind::IRSyntax, Inner.range(),
                "the element type is missing behind the extents")
        .hint("write it as in `tensor<4096x14336xbf16>`");
    return std::nullopt;
  }
  static constexpr llvm::StringLiteral Known[] = {
#define MERGEC_DTYPE(Id, Bits, Safetensors, Mnemonic, TorchName)               \
  llvm::StringLiteral(Mnemonic),
#include "mergec/Types/DTypes.def"
  };
  llvm::SmallVector<llvm::StringRef, 32> Names(std::begin(Known),
                                               std::end(Known));
  llvm::StringRef Near = Element.size() > 40
                             ? llvm::StringRef()
                             : Diagnostics::nearest(Element, Names);
  llvm::SMRange Where{llvm::SMLoc::getFromPointer(Element.begin()),
                      Inner.range().End};
  Diags
      .report(Kind::IRSyntax, Where,
              "there is no element type " + shortened(Element))
      .hint(Near.empty()
                ? "element types are `f32`, `bf16`, `f16`, `f64`, `i64`, …"
                : "did you mean `" + Near.str() + "`?");
  return std::nullopt;
}
