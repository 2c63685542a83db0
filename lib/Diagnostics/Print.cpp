//===- Print.cpp - How a diagnostic looks ---------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As text for people, with the source line and a caret, and as JSON lines for
// programs. Columns are counted in bytes from 1, as compilers do; the caret
// stands where the terminal shows the character, behind tabs and wide letters.
//
//===----------------------------------------------------------------------===//

#include "mergec/Diagnostics/Diagnostics.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Unicode.h"

using namespace mergec;

namespace {

/// The longest piece of a source line that is shown, in bytes.
constexpr size_t MaxShown = 120;
constexpr unsigned TabStop = 8;

llvm::StringRef levelName(Severity Level) {
  switch (Level) {
  case Severity::Failure:
  case Severity::Error:
    return "error";
  case Severity::Warning:
    return "warning";
  case Severity::Remark:
    return "remark";
  }
  llvm_unreachable("not a severity");
}

llvm::raw_ostream::Colors levelColour(Severity Level) {
  switch (Level) {
  case Severity::Failure:
  case Severity::Error:
    return llvm::raw_ostream::RED;
  case Severity::Warning:
    return llvm::raw_ostream::MAGENTA;
  case Severity::Remark:
    return llvm::raw_ostream::BLUE;
  }
  llvm_unreachable("not a severity");
}

/// A place, looked up: the file and the line that holds its start.
struct Place {
  llvm::StringRef File;
  unsigned Line, Column;
  llvm::StringRef Text; ///< The line, without its end.
  size_t Begin, End;    ///< The range inside `Text`, in bytes.
};

std::optional<Place> lookUp(const llvm::SourceMgr &Sources,
                            llvm::SMRange Where) {
  if (!Where.Start.isValid())
    return std::nullopt;
  unsigned Id = Sources.FindBufferContainingLoc(Where.Start);
  if (!Id)
    return std::nullopt;
  const llvm::MemoryBuffer &Buffer = *Sources.getMemoryBuffer(Id);
  llvm::StringRef All = Buffer.getBuffer();
  // A byte order mark is no letter of the first line.
  if (All.consume_front("\xef\xbb\xbf") &&
      Where.Start.getPointer() < All.data())
    Where.Start = llvm::SMLoc::getFromPointer(All.data());
  size_t Offset = Where.Start.getPointer() - All.data();
  size_t LineBegin = All.rfind('\n', Offset) + 1; // npos + 1 is 0.
  llvm::StringRef Text = All.slice(LineBegin, All.find('\n', Offset));
  Text.consume_back("\r");
  unsigned Line = Sources.FindLineNumber(Where.Start, Id);
  unsigned Column = Offset - LineBegin + 1;

  Place P{Buffer.getBufferIdentifier(), Line, Column, Text, 0, 0};
  P.Begin = std::min(Offset - LineBegin, Text.size());
  P.End =
      Where.End.isValid() && Where.End.getPointer() > Where.Start.getPointer()
          ? Where.End.getPointer() - All.data() - LineBegin
          : P.Begin;
  P.End = std::min(P.End, Text.size());
  return P;
}

/// Prints the line and, below it, a caret and the underlined rest of the range.
void printSource(llvm::raw_ostream &OS, const Place &P) {
  // Of a long line, the part around the caret.
  size_t From = 0, To = P.Text.size();
  if (To > MaxShown) {
    if (P.Begin > MaxShown * 2 / 3)
      From = P.Begin - MaxShown / 3;
    To = std::min(To, From + MaxShown);
  }

  std::string Shown, Marks;
  auto Emit = [&](llvm::StringRef Text, unsigned Width, char Mark) {
    Shown += Text;
    Marks.append(Width, Mark);
  };
  if (From)
    Emit("...", 3, ' ');
  for (size_t I = From; I < To;) {
    char Mark = I == P.Begin ? '^' : I > P.Begin && I < P.End ? '~' : ' ';
    size_t Bytes = llvm::getNumBytesForUTF8(P.Text[I]);
    llvm::StringRef Letter = P.Text.substr(I, Bytes);
    int Width = llvm::sys::unicode::columnWidthUTF8(Letter);
    if (Letter == "\t") {
      unsigned Spaces = TabStop - Marks.size() % TabStop;
      Emit(std::string(Spaces, ' '), 1, Mark);
      Marks.append(Spaces - 1, Mark == '^' ? ' ' : Mark);
      Bytes = 1;
    } else if (Width < 0) { // Not printable, or not UTF-8.
      Emit("?", 1, Mark);
      Bytes = 1;
    } else {
      Emit(Letter, std::min(Width, 1), Mark);
      Marks.append(Width > 1 ? Width - 1 : 0, Mark == '^' ? '~' : Mark);
    }
    I += Bytes;
  }
  if (To < P.Text.size())
    Shown += "...";
  if (P.Begin >= To)
    Marks += '^';
  while (!Marks.empty() && Marks.back() == ' ')
    Marks.pop_back();
  OS << Shown << '\n' << Marks << '\n';
}

/// One line of a diagnostic: `file:line:column: label: text`.
class LinePrinter {
public:
  LinePrinter(llvm::raw_ostream &OS, const llvm::SourceMgr &Sources)
      : OS(OS), Sources(Sources) {}

  void print(llvm::SMRange Where, llvm::StringRef Label,
             llvm::raw_ostream::Colors Colour, llvm::StringRef Text,
             llvm::StringRef Tag, bool WithSource) {
    std::optional<Place> P = lookUp(Sources, Where);
    if (P) {
      OS.changeColor(llvm::raw_ostream::SAVEDCOLOR, /*Bold=*/true);
      OS << P->File << ':' << P->Line << ':' << P->Column << ": ";
      OS.resetColor();
    }
    OS.changeColor(Colour, /*Bold=*/true) << Label << ": ";
    OS.resetColor() << Text;
    if (!Tag.empty())
      OS << " [" << Tag << ']';
    OS << '\n';
    if (P && WithSource)
      printSource(OS, *P);
  }

private:
  llvm::raw_ostream &OS;
  const llvm::SourceMgr &Sources;
};

} // namespace

void Diagnostics::flush(llvm::raw_ostream &OS, bool Colours) {
  std::lock_guard Lock(Mutex);
  bool Before = OS.colors_enabled();
  OS.enable_colors(Colours);
  LinePrinter Printer(OS, Sources);
  for (size_t I : takeInOrder()) {
    const Diagnostic &D = All[I];
    Printer.print(D.Where, levelName(D.Level), levelColour(D.Level), D.Message,
                  kindName(D.Id), /*WithSource=*/true);
    for (const Diagnostic::Note &N : D.Notes)
      Printer.print(N.Where, "note", llvm::raw_ostream::CYAN, N.Text, "",
                    /*WithSource=*/true);
    if (!D.Hint.empty())
      Printer.print(D.Where, "hint", llvm::raw_ostream::GREEN, D.Hint, "",
                    /*WithSource=*/false);
  }
  OS.enable_colors(Before);
  OS.flush();
}

void Diagnostics::flushJson(llvm::raw_ostream &OS) {
  std::lock_guard Lock(Mutex);
  for (size_t I : takeInOrder()) {
    const Diagnostic &D = All[I];
    llvm::json::OStream J(OS);
    auto Attribute = [&](llvm::StringRef Name, llvm::StringRef Text) {
      J.attribute(Name, llvm::json::fixUTF8(Text));
    };
    auto Where = [&](llvm::SMRange Range) {
      if (std::optional<Place> P = lookUp(Sources, Range)) {
        Attribute("file", P->File);
        J.attribute("line", P->Line);
        J.attribute("column", P->Column);
      }
    };
    J.object([&] {
      Attribute("severity",
                D.Level == Severity::Failure ? "failure" : levelName(D.Level));
      Attribute("kind", kindName(D.Id));
      Where(D.Where);
      Attribute("message", D.Message);
      if (!D.Notes.empty())
        J.attributeArray("notes", [&] {
          for (const Diagnostic::Note &N : D.Notes)
            J.object([&] {
              Where(N.Where);
              Attribute("message", N.Text);
            });
        });
      if (!D.Hint.empty())
        Attribute("hint", D.Hint);
    });
    OS << '\n';
  }
  OS.flush();
}
