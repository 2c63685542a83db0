//===- Parse.cpp - The IR from text ---------------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   file      ::= `graph` `{` (node? end-of-line)* `}`
//   node      ::= (value `=`)? op (value (`,` value)*)? attributes? (`:` type)?
//   attributes ::= `{` (name `=` literal (`,` name `=` literal)*)? `}`
//
// The op table says which operands, attributes and type a node must have. All
// mistakes of a file are reported in one go: a line that is no node is left
// behind, the value it was to define is known to be spoiled, and nothing is
// said of nodes that merely use it.
//
//===----------------------------------------------------------------------===//

#include "Lexer.h"
#include "TypeText.h"
#include "mergec/Diagnostics/Diagnostics.h"
#include "mergec/IR/Graph.h"
#include "mergec/IR/Text.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"
#include <charconv>
#include <cmath>

using namespace mergec;

namespace {

/// The parts of a node as they are written.
struct NodeText {
  Token Result; ///< `Bad`: none.
  Token Mnemonic;
  llvm::SmallVector<Token, 8> Operands;
  struct Attribute {
    Token Name, Literal;
  };
  llvm::SmallVector<Attribute, 4> Attributes;
  std::optional<TypeText> Stated;

  bool hasResult() const { return Result.is(TokenKind::Value); }
};

class Parser {
public:
  Parser(llvm::StringRef Text, Diagnostics &Diags)
      : Lex(Text, Diags), Diags(Diags), Types(Lex, Current, Diags) {}

  std::optional<Graph> parse();

private:
  // Tokens.
  void advance() { Current = Lex.next(); }
  bool consume(char Mark);
  bool expect(char Mark, llvm::StringRef After, llvm::StringRef Hint);
  Diagnostic &expected(llvm::StringRef What);
  void finishLine();

  // Syntax.
  bool parseHeader();
  void parseBody();
  void parseLine();
  bool parseNode(NodeText &N);
  bool parseOperands(NodeText &N);
  bool parseAttributes(NodeText &N);

  // Meaning.
  ValueId build(const NodeText &N);
  const OpInfo *findOp(const Token &Mnemonic, Op &Kind);
  bool readOperands(const NodeText &N, llvm::SmallVectorImpl<ValueId> &Values);
  bool checkShape(const NodeText &N, const OpInfo &Info);
  bool readAttributes(const NodeText &N, const OpInfo &Info,
                      llvm::SmallVectorImpl<uint64_t> &Words);
  bool readLiteral(const Token &Literal, const AttributeSpec &Spec,
                   uint64_t &Word);
  void reportRule(const NodeText &N, const OpInfo &Info,
                  llvm::ArrayRef<ValueId> Operands,
                  llvm::ArrayRef<uint64_t> Words, TypeId Stated,
                  llvm::StringRef Error);
  bool checkStoredName(const NodeText &N, const OpInfo &Info,
                       llvm::ArrayRef<uint64_t> Words);
  void define(const Token &Name, ValueId V);
  void reportUndefined();

  Diagnostic &invalid(const Token &At, const llvm::Twine &Message) {
    return Diags.report(Kind::IRInvalid, At.range(), Message);
  }

  Lexer Lex;
  Diagnostics &Diags;
  Token Current;
  TypeParser Types;
  Graph G;

  struct Definition {
    ValueId Value; ///< Invalid: spoiled by a mistake on its line.
    llvm::SMRange Where;
  };
  llvm::StringMap<Definition> Values;
  std::vector<Token> Undefined; ///< Uses of names not defined before them.
  /// By name and result.
  llvm::DenseMap<std::pair<uint64_t, uint64_t>, llvm::SMRange> Stored;
};

} // namespace

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

bool Parser::consume(char Mark) {
  if (!Current.is(Mark))
    return false;
  advance();
  return true;
}

Diagnostic &Parser::expected(llvm::StringRef What) {
  return Diags.report(Kind::IRSyntax, Current.range(),
                      "expected " + What + ", found " + describe(Current));
}

bool Parser::expect(char Mark, llvm::StringRef After, llvm::StringRef Hint) {
  if (consume(Mark))
    return true;
  if (!Current.is(TokenKind::Bad))
    expected(("`" + llvm::Twine(Mark) + "` after " + After).str()).hint(Hint);
  return false;
}

/// Leaves the rest of a line that holds a mistake.
void Parser::finishLine() {
  if (!Current.endsLine()) {
    Lex.skipLine();
    advance();
  }
}

//===----------------------------------------------------------------------===//
// Syntax
//===----------------------------------------------------------------------===//

std::optional<Graph> Parser::parse() {
  size_t Before = Diags.size();
  advance();
  if (parseHeader())
    parseBody();
  reportUndefined();
  if (Diags.size() != Before)
    return std::nullopt;
  return std::move(G);
}

/// False if what follows does not look like a graph at all.
bool Parser::parseHeader() {
  while (Current.is(TokenKind::EndOfLine))
    advance();
  Token Keyword = Current;
  if (Current.is(TokenKind::Bad))
    return false;
  bool IsGraph = Keyword.is(TokenKind::Word) && Keyword.Spelling == "graph";
  if (!IsGraph)
    expected("`graph {`").hint("a .mir file is `graph {`, nodes, and `}`");
  if (!Keyword.is(TokenKind::Word))
    return false;
  advance();
  if (!IsGraph && !Current.is('{'))
    return false;
  if (!expect('{', "`graph`", "a .mir file is `graph {`, nodes, and `}`"))
    finishLine();
  return true;
}

void Parser::parseBody() {
  while (!Current.is('}')) {
    if (Current.is(TokenKind::EndOfFile)) {
      expected("`}` after the last node").hint("close the graph with `}`");
      return;
    }
    parseLine();
  }
  advance();
  while (Current.is(TokenKind::EndOfLine))
    advance();
  if (!Current.is(TokenKind::EndOfFile) && !Current.is(TokenKind::Bad))
    Diags
        .report(Kind::IRSyntax, Current.range(),
                describe(Current) + " stands behind the end of the graph")
        .hint("a file holds one graph; move the closing `}` below its last "
              "node");
}

void Parser::parseLine() {
  if (Current.is(TokenKind::EndOfLine)) {
    advance();
    return;
  }
  NodeText N;
  bool Good = parseNode(N);
  if (Good && !Current.endsLine() && !Current.is('}')) {
    Good = false;
    if (!Current.is(TokenKind::Bad))
      expected("the end of the line")
          .hint("a node is one line: value, op, operands, attributes between "
                "braces, and the type behind a colon");
  }
  if (!Good)
    finishLine();
  ValueId V = Good ? build(N) : ValueId();
  if (N.hasResult())
    define(N.Result, V);
}

/// Takes a line apart; false if a mistake was met before its end.
bool Parser::parseNode(NodeText &N) {
  if (Current.is(TokenKind::Value)) {
    N.Result = Current;
    advance();
    if (!expect('=', "the value's name", "a node is `%name = op …`"))
      return false;
  }
  if (!Current.is(TokenKind::Word)) {
    if (!Current.is(TokenKind::Bad))
      expected("an op").hint("a node is `%name = op …` or `store …`");
    return false;
  }
  N.Mnemonic = Current;
  advance();
  if (Current.is(TokenKind::Value) && !parseOperands(N))
    return false;
  if (consume('{') && !parseAttributes(N))
    return false;
  if (consume(':')) {
    N.Stated = Types.parse();
    return N.Stated.has_value();
  }
  return true;
}

bool Parser::parseOperands(NodeText &N) {
  do {
    if (!Current.is(TokenKind::Value)) {
      if (!Current.is(TokenKind::Bad))
        expected("a value after `,`")
            .hint("an operand is `%` and the name of a value");
      return false;
    }
    N.Operands.push_back(Current);
    advance();
  } while (consume(','));
  return true;
}

bool Parser::parseAttributes(NodeText &N) {
  constexpr llvm::StringLiteral Form = "attributes are `{name = value, …}`";
  if (consume('}'))
    return true;
  do {
    NodeText::Attribute A;
    A.Name = Current;
    if (!Current.is(TokenKind::Word)) {
      if (!Current.is(TokenKind::Bad))
        expected("the name of an attribute").hint(Form);
      return false;
    }
    advance();
    if (!expect('=', "the name of an attribute", Form))
      return false;
    A.Literal = Current;
    if (!Current.is(TokenKind::Word) && !Current.is(TokenKind::String)) {
      if (!Current.is(TokenKind::Bad))
        expected("a number or a string").hint(Form);
      return false;
    }
    advance();
    N.Attributes.push_back(A);
  } while (consume(','));
  return expect('}', "the attributes", Form);
}

//===----------------------------------------------------------------------===//
// Meaning
//===----------------------------------------------------------------------===//

/// Appends the node; invalid if there is a mistake in it or in what it uses.
/// All its mistakes are reported, as far as one does not hide the other.
ValueId Parser::build(const NodeText &N) {
  llvm::SmallVector<ValueId, 8> Operands;
  bool Good = readOperands(N, Operands);

  Op OpKind{};
  const OpInfo *Info = findOp(N.Mnemonic, OpKind);
  if (!Info)
    return {};
  Good &= checkShape(N, *Info);
  llvm::SmallVector<uint64_t, 4> Words;
  Good &= readAttributes(N, *Info, Words);
  if (!Good)
    return {};

  TypeId Stated = N.Stated ? G.intern(N.Stated->T) : TypeId();
  std::string Error;
  ValueId V = G.tryCreate(OpKind, Operands, Words, Stated, Error);
  if (!V.valid()) {
    reportRule(N, *Info, Operands, Words, Stated, Error);
    return {};
  }
  checkStoredName(N, *Info, Words);
  return V;
}

const OpInfo *Parser::findOp(const Token &Mnemonic, Op &Kind) {
  llvm::ArrayRef<const OpInfo *> All = allOps();
  for (unsigned I = 0; I != All.size(); ++I)
    if (All[I]->Mnemonic == Mnemonic.Spelling) {
      Kind = static_cast<Op>(I);
      return All[I];
    }
  llvm::SmallVector<llvm::StringRef, 32> Known;
  for (const OpInfo *Info : All)
    Known.push_back(Info->Mnemonic);
  Diagnostic &D =
      invalid(Mnemonic, "there is no op " + shortened(Mnemonic.Spelling));
  // Only names that could be meant: edit distance takes quadratic time.
  llvm::StringRef Near = Mnemonic.Spelling.size() > 40
                             ? llvm::StringRef()
                             : Diagnostics::nearest(Mnemonic.Spelling, Known);
  if (Near.empty())
    D.hint("`mergec --print-ops` lists the ops");
  else
    D.hint("did you mean `" + Near + "`?");
  return nullptr;
}

/// False if one of them is unknown or spoiled; unknown ones are reported when
/// all names of the file are known.
bool Parser::readOperands(const NodeText &N,
                          llvm::SmallVectorImpl<ValueId> &Operands) {
  bool Good = true;
  for (const Token &Name : N.Operands) {
    auto It = Values.find(Name.Spelling);
    if (It == Values.end()) {
      Undefined.push_back(Name);
      Good = false;
      continue;
    }
    Operands.push_back(It->second.Value);
    Good &= It->second.Value.valid();
  }
  return Good;
}

/// Checks how many operands there are, and that value and type are there or not
/// as the op asks.
bool Parser::checkShape(const NodeText &N, const OpInfo &Info) {
  bool Good = true;
  size_t Count = N.Operands.size();
  if (Count < Info.MinOperands || Count > Info.MaxOperands) {
    invalid(N.Mnemonic, "`" + Info.Mnemonic + "` takes " + arityText(Info) +
                            ", not " + llvm::Twine(Count))
        .hint("`" + Info.Mnemonic + "`: " + Info.Summary);
    Good = false;
  }
  if (Info.Class == OpClass::Sink) {
    if (N.hasResult()) {
      invalid(N.Result, "`" + Info.Mnemonic + "` has no value to name")
          .hint("remove `" + N.Result.Spelling + " =`");
      Good = false;
    }
    if (N.Stated) {
      Diags
          .report(Kind::IRInvalid, N.Stated->Where,
                  "`" + Info.Mnemonic + "` has no value and so no type")
          .hint("remove the colon and the type");
      Good = false;
    }
    return Good;
  }
  if (!N.hasResult()) {
    invalid(N.Mnemonic, "the value of `" + Info.Mnemonic + "` has no name")
        .hint("begin the line with `%name =`");
    Good = false;
  }
  if (!N.Stated) {
    invalid(N.Mnemonic, "the type of `" + Info.Mnemonic + "` is missing")
        .hint("end the line with a colon and the type of the value, such as "
              "`: tensor<2x3xbf16>` or `: f64`");
    Good = false;
  }
  return Good;
}

/// `name = "…"`: how an attribute of the kind is written.
static std::string example(const AttributeSpec &Spec) {
  llvm::StringRef Literal = Spec.Kind == AttributeKind::Name      ? "\"…\""
                            : Spec.Kind == AttributeKind::Integer ? "2"
                                                                  : "0.5";
  return (Spec.Name + " = " + Literal).str();
}

static llvm::StringRef kindText(AttributeKind Kind) {
  return Kind == AttributeKind::Name      ? "a string"
         : Kind == AttributeKind::Integer ? "an integer"
                                          : "a number";
}

/// The attributes as words in the order of the table. Hidden ones are all ones:
/// the text does not know them.
bool Parser::readAttributes(const NodeText &N, const OpInfo &Info,
                            llvm::SmallVectorImpl<uint64_t> &Words) {
  bool Good = true;
  llvm::ArrayRef<AttributeSpec> Specs = Info.Attributes;
  llvm::SmallVector<const Token *, 4> Seen(Specs.size(), nullptr);
  Words.assign(Specs.size(), ~0ull);

  for (const NodeText::Attribute &A : N.Attributes) {
    const AttributeSpec *Spec = llvm::find_if(Specs, [&](const auto &S) {
      return S.Kind != AttributeKind::Hidden && S.Name == A.Name.Spelling;
    });
    if (Spec == Specs.end()) {
      std::string Known;
      for (const AttributeSpec &S : Specs)
        if (S.Kind != AttributeKind::Hidden)
          Known += ((Known.empty() ? "`" : ", `") + S.Name + "`").str();
      invalid(A.Name, "`" + Info.Mnemonic + "` has no attribute " +
                          shortened(A.Name.Spelling))
          .hint(Known.empty() ? "it has none" : "it has " + Known);
      Good = false;
      continue;
    }
    size_t I = Spec - Specs.begin();
    if (Seen[I]) {
      invalid(A.Name, "attribute `" + Spec->Name + "` is given twice")
          .note("first here", Seen[I]->range())
          .hint("remove one of them");
      Good = false;
      continue;
    }
    Seen[I] = &A.Name;
    Good &= readLiteral(A.Literal, *Spec, Words[I]);
  }

  for (size_t I = 0; I != Specs.size(); ++I)
    if (Seen[I] || Specs[I].Kind == AttributeKind::Hidden) {
      continue;
    } else if (Specs[I].Optional) {
      Words[I] = G.intern(llvm::StringRef()).Index;
    } else {
      invalid(N.Mnemonic, "attribute `" + Specs[I].Name + "` of `" +
                              Info.Mnemonic + "` is missing")
          .hint("add `" + example(Specs[I]) + "` between the braces");
      Good = false;
    }
  return Good;
}

bool Parser::readLiteral(const Token &Literal, const AttributeSpec &Spec,
                         uint64_t &Word) {
  llvm::StringRef Text = Literal.Spelling;
  if (Spec.Kind == AttributeKind::Name && Literal.is(TokenKind::String)) {
    std::optional<std::string> Value = Lex.unquote(Literal);
    if (Value)
      Word = G.intern(llvm::StringRef(*Value)).Index;
    return Value.has_value();
  }

  auto Read = [&](auto &Value) {
    return std::from_chars(Text.begin(), Text.end(), Value);
  };
  std::from_chars_result R{Text.begin(), std::errc::invalid_argument};
  if (Spec.Kind == AttributeKind::Integer && Literal.is(TokenKind::Word)) {
    int64_t Value = 0;
    R = Read(Value);
    Word = Value;
  } else if (Spec.Kind == AttributeKind::Number &&
             Literal.is(TokenKind::Word)) {
    double Value = 0;
    R = Read(Value);
    // What from_chars reads beyond digits: one spelling each is enough.
    if (!std::isfinite(Value) && Text != "inf" && Text != "-inf" &&
        Text != "nan")
      R.ec = std::errc::invalid_argument;
    Word = word(Value);
  }
  bool Whole = R.ptr == Text.end();
  if (R.ec == std::errc() && Whole)
    return true;
  if (R.ec == std::errc::result_out_of_range && Whole)
    invalid(Literal, shortened(Text) + " is out of range for attribute `" +
                         Spec.Name + "`")
        .hint(Spec.Kind == AttributeKind::Integer
                  ? "integers have 64 bits, with sign"
                  : "numbers are IEEE doubles; write `inf`, `-inf` or `0`");
  else
    invalid(Literal, "attribute `" + Spec.Name + "` is " + kindText(Spec.Kind) +
                         ", not " + describe(Literal))
        .hint("write it as `" + example(Spec) + "`");
  return false;
}

/// Reports a broken type rule: at the type, if only that differs from what the
/// operands give, else at the op.
void Parser::reportRule(const NodeText &N, const OpInfo &Info,
                        llvm::ArrayRef<ValueId> Operands,
                        llvm::ArrayRef<uint64_t> Words, TypeId Stated,
                        llvm::StringRef Error) {
  std::string RuleError;
  TypeId Inferred = Info.Infer(G, Operands, Words, Stated, RuleError);
  if (RuleError.empty()) {
    Diags.report(Kind::IRInvalid, N.Stated->Where, Error)
        .hint("write `: " + typeText(G.get(Inferred)) +
              "`, or change the operands");
    return;
  }
  bool NamesOp = Error.starts_with(("`" + Info.Mnemonic + "`").str());
  Diagnostic &D =
      invalid(N.Mnemonic, NamesOp ? llvm::Twine(Error)
                                  : "`" + Info.Mnemonic + "`: " + Error);
  llvm::DenseSet<ValueId> Shown;
  for (auto [Name, V] : llvm::zip(N.Operands, Operands))
    if (Shown.insert(V).second)
      D.note("`" + Name.Spelling + "` is " + typeText(G.type(V)),
             Values.find(Name.Spelling)->second.Where);
  D.hint("`" + Info.Mnemonic + "`: " + Info.Summary);
}

/// No two sinks may write one tensor of one result.
bool Parser::checkStoredName(const NodeText &N, const OpInfo &Info,
                             llvm::ArrayRef<uint64_t> Words) {
  if (Info.Class != OpClass::Sink)
    return true;
  auto [First, IsNew] =
      Stored.try_emplace({Words[0], Words[1]}, N.Mnemonic.range());
  if (!IsNew)
    invalid(N.Mnemonic,
            "`" + G.get(NameId{uint32_t(Words[0])}) + "` is stored twice")
        .note("first here", First->second)
        .hint("give each tensor of the result a name of its own");
  return IsNew;
}

void Parser::define(const Token &Name, ValueId V) {
  auto [It, IsNew] =
      Values.try_emplace(Name.Spelling, Definition{V, Name.range()});
  if (!IsNew)
    invalid(Name, shortened(Name.Spelling) + " is defined twice")
        .note("first here", It->second.Where)
        .hint("give each value a name of its own");
}

void Parser::reportUndefined() {
  for (const Token &Use : Undefined) {
    auto It = Values.find(Use.Spelling);
    if (It == Values.end())
      invalid(Use, shortened(Use.Spelling) + " is not defined")
          .hint("define it on a line above, as `" + Use.Spelling + " = …`");
    else
      invalid(Use, shortened(Use.Spelling) + " is used before it is defined")
          .note("defined here", It->second.Where)
          .hint("values are defined on lines above their uses: move one of the "
                "lines");
  }
}

std::optional<Graph> mergec::parseGraphText(llvm::StringRef Text,
                                            Diagnostics &Diags) {
  return Parser(Text, Diags).parse();
}

std::optional<Graph> mergec::parseGraph(llvm::StringRef Path,
                                        Diagnostics &Diags) {
  std::optional<llvm::StringRef> Text = Diags.readFile(Path);
  if (!Text)
    return std::nullopt;
  return parseGraphText(*Text, Diags);
}
