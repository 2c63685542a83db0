//===- Plan.cpp - Reading a plan ------------------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// From the top of the document down: the plan's own keys, then its slices,
// whichever of the three forms (`models`, `slices`, `modules`) they are in.
// What needs the whole tree is judged afterwards, by Meaning.cpp.
//
//===----------------------------------------------------------------------===//

#include "Reading.h"
#include "Variants.h"
#include "llvm/ADT/SmallVector.h"

using namespace mergec;
using namespace mergec::plan;
using llvm::StringRef;
using yaml::Entry;
using yaml::Node;

static constexpr llvm::StringLiteral ModelsHint =
    "write `- model: name`, one line for each model";

namespace {

class PlanReader {
public:
  PlanReader(Reading &R, Plan &P) : R(R), P(P) {}

  void read(const Node &Root) {
    if (refuseOldForms(Root))
      return;
    if (const Entry *E = Root.find("merge_method"))
      readMethod(*E);
    else
      R.Diags
          .report(Kind::MissingKey, firstKey(Root),
                  "the plan has no `merge_method`")
          .hint("add a line such as `merge_method: linear`");

    const Node &Top = takeMapping(Root, Level::Plan, R);
    P.Parameters = readSettings(Top, Owner::Merge, R);
    if (const Entry *E = findValue(Top, "base_model"))
      P.Base = readModelRef(*E, R);
    P.ComputeDType = readDType(Top, "dtype");
    P.OutDType = readDType(Top, "out_dtype");
    readSeed(Top);
    P.Start = firstKey(Root);
    if (const Entry *E = Top.find("matrix"))
      R.Diags
          .report(Kind::BadValue, E->KeyWhere,
                  "only the result of a run can have a `matrix`, and this plan "
                  "is a stage")
          .hint("give the result one, or give the stage a plan of its own for "
                "each value");
    if (const Entry *E = findValue(Top, "name")) {
      P.Name = readText(*E, R).value_or("");
      P.NameWhere = E->Value->Where;
    }
    readTokenizers(Top);
    if (const Entry *E =
            oneForm(Top, {"models", "slices", "modules"}, firstKey(Top)))
      readTop(*E);
  }

private:
  static llvm::SMRange firstKey(const Node &Mapping) {
    return Mapping.Entries.empty() ? Mapping.Where
                                   : Mapping.Entries[0].KeyWhere;
  }

  /// True of documents of the tool's predecessors, which have other keys.
  bool refuseOldForms(const Node &Root) {
    const Entry *Method = findValue(Root, "merge_method");
    if (const Entry *E = Root.find("layer_slices")) {
      R.Diags
          .report(Kind::NotYet, E->KeyWhere,
                  "this is a plan in the old form of `layer_slices`, which "
                  "mergec does not read yet")
          .hint("write it as `merge_method: passthrough` with `slices`");
      return true;
    }
    const Entry *Experts = Root.find("experts");
    if (!Experts && Method && Method->Value->Text == "moe")
      Experts = Method;
    if (!Experts)
      return false;
    R.Diags
        .report(
            Kind::NotYet, Experts->KeyWhere,
            "this is a plan for a mixture of experts, which mergec does not "
            "build yet")
        .hint("`mergec` merges whole models so far, by " +
              quoteAll(methodNames()));
    return true;
  }

  static llvm::SmallVector<StringRef, 32> methodNames() {
    llvm::SmallVector<StringRef, 32> Names;
    for (const Method *M : allMethods())
      Names.push_back(M->Name);
    return Names;
  }

  void readMethod(const Entry &E) {
    P.MethodWhere = E.Value->Where;
    llvm::SmallVector<StringRef, 32> Names = methodNames();
    if (!expect(E, Node::Shape::Scalar, "write one of " + quoteAll(Names), R))
      return;
    P.MergeMethod = R.TheMethod = findMethod(E.Value->Text);
    if (P.MergeMethod)
      return;
    R.Diags
        .report(Kind::UnknownMethod, E.Value->Where,
                "`" + E.Value->Text + "` is not a merge method")
        .hint(didYouMean(E.Value->Text, Names,
                         "the methods are " + quoteAll(Names)));
  }

  std::optional<DType> readDType(const Node &Mapping, StringRef Key) {
    static constexpr StringRef Common[] = {"bfloat16", "float16", "float32",
                                           "float64"};
    const Entry *E = findValue(Mapping, Key);
    if (!E)
      return std::nullopt;
    std::optional<std::string> Text = readText(*E, R);
    if (!Text)
      return std::nullopt;
    if (std::optional<DType> T = floatFromPlan(*Text))
      return T;
    StringRef Bare = *Text;
    Bare.consume_front("torch.");
    bool Other = false;
#define MERGEC_DTYPE(Id, Bits, Safetensors, Mnemonic, TorchName)               \
  Other |= Bits != 0 && (Bare == TorchName || Bare == Mnemonic);
#include "mergec/Types/DTypes.def"
    std::string All = "write one of " + quoteAll(Common);
    R.Diags
        .report(Kind::BadValue, E->Value->Where,
                Other ? "`" + *Text +
                            "` is a dtype that merges are not "
                            "computed in"
                      : "there is no dtype `" + *Text + "`")
        .hint(Other ? All : didYouMean(Bare, Common, All));
    return std::nullopt;
  }

  void readSeed(const Node &Mapping) {
    const Entry *E = findValue(Mapping, "seed");
    if (!E)
      return;
    std::optional<std::string> Text = readText(*E, R);
    uint64_t Seed = 0;
    if (!Text)
      return;
    if (!StringRef(*Text).getAsInteger(10, Seed)) {
      P.Seed = Seed;
      return;
    }
    R.Diags
        .report(Kind::BadValue, E->Value->Where,
                "`" + *Text + "` is not a seed")
        .hint("a seed is a whole number from 0 to 18446744073709551615");
  }

  void readTokenizers(const Node &Top) {
    const Entry *Legacy = findValue(Top, "tokenizer_source");
    const Entry *Full = findValue(Top, "tokenizer");
    if (Legacy && Full)
      reportConflict(*Legacy, *Full, "say what the tokenizer is",
                     "keep `tokenizer`, which can say more");
    for (const Entry *E : {Legacy, Full})
      if (E) {
        P.TokenizerWhere = E->KeyWhere;
        P.Tokenizer = readTokenizer(*E, R);
      }
    if (const Entry *E = findValue(Top, "chat_template")) {
      P.ChatTemplateWhere = E->KeyWhere;
      P.ChatTemplate = readText(*E, R);
    }
  }

  void reportConflict(const Entry &A, const Entry &B, const llvm::Twine &What,
                      const llvm::Twine &Hint) {
    bool InOrder =
        A.KeyWhere.Start.getPointer() < B.KeyWhere.Start.getPointer();
    const Entry &First = InOrder ? A : B, &Second = InOrder ? B : A;
    R.Diags
        .report(Kind::ConflictingKeys, Second.KeyWhere,
                "both `" + First.Key + "` and `" + Second.Key + "` " + What)
        .note("`" + First.Key + "` is here", First.KeyWhere)
        .hint(Hint);
  }

  /// The one of `Forms` that `Mapping` has; several or none is an error at
  /// `Where`.
  const Entry *oneForm(const Node &Mapping, llvm::ArrayRef<StringRef> Forms,
                       llvm::SMRange Where) {
    const Entry *Found = nullptr;
    for (StringRef Form : Forms)
      if (const Entry *E = Mapping.find(Form)) {
        if (Found)
          reportConflict(*Found, *E, "say what is merged",
                         "keep one of the two");
        else
          Found = E;
      }
    if (!Found)
      R.Diags
          .report(Kind::MissingKey, Where,
                  "nothing says which models are merged")
          .hint("add `models:` with a line `- model: name` for each, or "
                "`slices:` for parts of models");
    return Found;
  }

  void readTop(const Entry &E) {
    if (E.Key != "modules") {
      Module M;
      M.Where = E.KeyWhere;
      readForm(E, M);
      P.UsesModelsForm = E.Key == "models";
      P.Modules.push_back(std::move(M));
      return;
    }
    if (!expect(E, Node::Shape::Mapping,
                "write the name of each module below it, as in "
                "`modules: {text_model: {slices: …}}`",
                R))
      return;
    if (E.Value->Entries.empty())
      R.Diags.report(Kind::WrongType, E.Value->Where, "`modules` is empty")
          .hint("name at least one module, or use `models` or `slices`");
    for (const Entry &Named : E.Value->Entries)
      readModule(Named);
  }

  void readModule(const Entry &E) {
    Module M;
    M.Name = E.Key;
    M.Where = E.KeyWhere;
    if (!expect(E, Node::Shape::Mapping,
                "write `models` or `slices` below the module", R))
      return;
    const Node &Mapping = takeMapping(*E.Value, Level::Module, R);
    M.Parameters = readSettings(Mapping, Owner::Merge, R);
    if (const Entry *Form = oneForm(Mapping, {"models", "slices"}, E.KeyWhere))
      readForm(*Form, M);
    P.Modules.push_back(std::move(M));
  }

  /// `models:` or `slices:`.
  void readForm(const Entry &E, Module &M) {
    if (!expect(E, Node::Shape::List,
                E.Key == "models"
                    ? StringRef(ModelsHint)
                    : StringRef("write `- sources: …`, once for each slice"),
                R))
      return;
    if (E.Key == "slices") {
      readSlices(E, M);
      return;
    }
    OutputSlice Slice;
    Slice.Where = E.KeyWhere;
    readSources(E, Level::Model, Slice);
    M.Slices.push_back(std::move(Slice));
  }

  void readSlices(const Entry &E, Module &M) {
    if (E.Value->Items.empty())
      R.Diags.report(Kind::WrongType, E.Value->Where, "`slices` is empty")
          .hint("write `- sources: …`, once for each slice");
    OutputSlice *Unfilled = nullptr; // Whose `sources` has lost its list.
    for (const Node *Item : E.Value->Items) {
      if (!Item->isMapping()) {
        R.Diags
            .report(Kind::WrongType, Item->Where,
                    "a slice is " + Item->shapeName() +
                        ", and should be a mapping")
            .hint("write `- sources: …`, once for each slice");
        continue;
      }
      if (Item->find("model") && !Item->find("sources")) {
        reportStraySource(*Item, Unfilled);
        if (!Unfilled) {
          M.Slices.emplace_back().Where = firstKey(*Item);
          Unfilled = &M.Slices.back();
        }
        readSource(*Item, Level::Source, *Unfilled);
        continue;
      }
      readSlice(*Item, M.Slices.emplace_back());
      const Entry *Sources = Item->find("sources");
      Unfilled =
          Sources && Sources->Value->isNull() ? &M.Slices.back() : nullptr;
      if (Unfilled && Item == E.Value->Items.back())
        R.Diags.report(Kind::WrongType, Sources->KeyWhere, "`sources` is empty")
            .hint(ModelsHint);
    }
  }

  /// A model among the slices: its dash stands too far to the left, or
  /// `sources:` is missing. Said once for a run of them.
  void reportStraySource(const Node &Item, const OutputSlice *Unfilled) {
    if (!Unfilled)
      R.Diags
          .report(Kind::MissingKey, firstKey(Item),
                  "this slice has a model, but no `sources`")
          .hint("write `- sources:`, and the models as a list below it");
    else if (Unfilled->Sources.empty())
      R.Diags
          .report(Kind::Misindented, firstKey(Item),
                  "`sources` is empty, because the list below it is not "
                  "indented")
          .note("`sources` is here", Unfilled->Where)
          .hint("indent the list below `sources`, like this:\n- sources:\n"
                "    - model: …");
  }

  void readSlice(const Node &Item, OutputSlice &Slice) {
    const Node &Mapping = takeMapping(Item, Level::Slice, R);
    Slice.Where = firstKey(Mapping);
    Slice.Parameters = readSettings(Mapping, Owner::Merge, R);
    if (const Entry *Base = findValue(Mapping, "base_model"))
      Slice.Base = readModelRef(*Base, R);
    const Entry *Sources = Mapping.find("sources");
    if (!Sources)
      R.Diags
          .report(Kind::MissingKey, Slice.Where, "this slice has no `sources`")
          .hint("add `sources:` with a list of models");
    else if (!Sources->Value->isNull() &&
             expect(*Sources, Node::Shape::List, ModelsHint, R))
      readSources(*Sources, Level::Source, Slice);
  }

  void readSources(const Entry &E, Level L, OutputSlice &Slice) {
    if (E.Value->Items.empty())
      R.Diags
          .report(Kind::WrongType, E.Value->Where, "`" + E.Key + "` is empty")
          .hint(ModelsHint);
    for (const Node *Item : E.Value->Items)
      readSource(*Item, L, Slice);
  }

  void readSource(const Node &Item, Level L, OutputSlice &Slice) {
    Source &S = Slice.Sources.emplace_back();
    S.Where = Item.Where;
    if (!Item.isMapping()) {
      R.Diags
          .report(Kind::WrongType, Item.Where,
                  "an item of the list of models is " + Item.shapeName() +
                      ", and should be a mapping")
          .hint(Item.isScalar() ? "write `model: " + Item.Text + "`"
                                : ModelsHint.str());
      return;
    }
    const Node &Mapping = takeMapping(Item, L, R);
    S.Parameters = readSettings(Mapping, Owner::Source, R);
    if (const Entry *Model = Mapping.find("model"))
      S.Model = readModelRef(*Model, R);
    else
      R.Diags
          .report(Kind::MissingKey, firstKey(Item), "this item has no `model`")
          .hint(Slice.Sources.size() > 1
                    ? "remove its `-` if it belongs to the item above"
                    : "add `model: name`");
    if (const Entry *Range = findValue(Mapping, "layer_range"))
      if (L == Level::Source)
        S.Layers = readLayerRange(*Range);
  }

  std::optional<LayerRange> readLayerRange(const Entry &E) {
    const Node &N = *E.Value;
    auto Refuse = [&](llvm::SMRange Where, const llvm::Twine &Message,
                      const llvm::Twine &Hint) {
      R.Diags.report(Kind::BadLayerRange, Where, Message).hint(Hint);
      return std::nullopt;
    };
    constexpr StringRef Form =
        "write `layer_range: [first, end]`; the layer `end` is not included";
    if (!N.isList() || N.Items.size() != 2)
      return Refuse(N.Where, "a layer range is a list of two numbers", Form);
    int64_t Bounds[2];
    for (size_t I = 0; I != 2; ++I) {
      const Node &Bound = *N.Items[I];
      std::optional<int64_t> Value =
          Bound.isScalar() ? integerFrom(Bound.Text) : std::nullopt;
      if (!Value)
        return Refuse(Bound.Where,
                      "`" + (Bound.isScalar() ? Bound.Text : "…") +
                          "` is not the number of a layer",
                      Form);
      if (*Value < 0)
        return Refuse(Bound.Where, "a layer range begins below 0",
                      "layers are counted from 0");
      Bounds[I] = *Value;
    }
    auto Number = [](int64_t N) { return std::to_string(N); };
    if (Bounds[0] > Bounds[1])
      return Refuse(N.Where,
                    "the layer range ends at " + Number(Bounds[1]) +
                        ", before it begins at " + Number(Bounds[0]),
                    "write `[" + Number(Bounds[1]) + ", " + Number(Bounds[0]) +
                        "]`");
    if (Bounds[0] == Bounds[1])
      return Refuse(N.Where, "the layer range holds no layer",
                    "the layer `end` is not included: for layer " +
                        Number(Bounds[0]) + " alone, write `[" +
                        Number(Bounds[0]) + ", " + Number(Bounds[0] + 1) +
                        "]`");
    return LayerRange{Bounds[0], Bounds[1], N.Where};
  }

  Reading &R;
  Plan &P;
};

} // namespace

/// Reports what is no plan at all; `Alone` if its file has no other.
static bool isMapping(const Node *Root, StringRef Text, bool Alone,
                      Diagnostics &Diags) {
  StringRef What = Alone ? "the plan" : "this document";
  if (!Root || Root->isNull()) {
    Diags
        .report(Kind::MissingKey, yaml::rangeOf(Text, 0, 0), What + " is empty")
        .hint("a plan has at least `merge_method` and `models`");
    return false;
  }
  if (!Root->isMapping()) {
    Diags
        .report(Kind::WrongType, Root->Where,
                What + " is " + Root->shapeName() + ", and should be a mapping")
        .hint("a plan has lines such as `merge_method: linear`");
    return false;
  }
  return true;
}

static std::optional<Plan> readPlan(StringRef Path, StringRef Text,
                                    yaml::Document &Doc, Diagnostics &Diags) {
  size_t Before = Diags.size();
  Plan P;
  P.Path = Path.str();
  P.Text = Text;
  Reading R{Doc, Diags};
  PlanReader(R, P).read(*Doc.root());
  if (P.MergeMethod)
    checkMeaning(P, Diags);
  if (Diags.hasErrors(Before))
    return std::nullopt;
  return P;
}

/// Each under a name of its own, so that it is plain which of them is wrong;
/// those behind it would say the same.
static void readVariants(StringRef Path, llvm::ArrayRef<Variant> Variants,
                         PlanFile &File, Diagnostics &Diags) {
  for (const Variant &V : Variants) {
    StringRef Text = Diags.addFile(
        V.Label.empty() ? Path.str() : (Path + " (" + V.Label + ")").str(),
        V.Text);
    std::optional<yaml::Document> Doc = yaml::read(Text, Diags);
    if (!Doc || !isMapping(Doc->root(), Text, true, Diags))
      return;
    std::optional<Plan> P = readPlan(Path, Text, *Doc, Diags);
    if (!P)
      return;
    P->Variant = V.Label;
    File.Plans.push_back(std::move(*P));
  }
}

std::optional<PlanFile> mergec::readPlanFile(StringRef Path, Diagnostics &Diags,
                                             llvm::ArrayRef<PlanSetting> Set,
                                             bool AsModel) {
  size_t Before = Diags.size();
  std::optional<StringRef> Text = Diags.readFile(Path);
  if (!Text)
    return std::nullopt;
  std::vector<StringRef> Texts = yaml::splitDocuments(*Text);
  bool Alone = Texts.size() == 1;
  std::vector<std::optional<yaml::Document>> Documents;
  size_t Result = Texts.size() - 1;
  for (StringRef Part : Texts) {
    std::optional<yaml::Document> &Doc =
        Documents.emplace_back(yaml::read(Part, Diags));
    if (Doc && !isMapping(Doc->root(), Part, Alone, Diags))
      Doc.reset();
    if (Doc && !findValue(*Doc->root(), "name"))
      Result = std::min(Result, Documents.size() - 1);
  }

  PlanFile File;
  for (size_t I = 0; I != Texts.size(); ++I) {
    if (!Documents[I])
      continue;
    const Node &Root = *Documents[I]->root();
    // With whatever stands around it.
    StringRef Part = Alone ? *Text : Texts[I];
    if (I == Result)
      File.Result = File.Plans.size();
    if (I == Result && !AsModel && (!Set.empty() || Root.find("matrix"))) {
      readVariants(Path, expandVariants(Root, Part, Set, Diags), File, Diags);
      File.Variants = File.Plans.size() - File.Result;
    } else if (auto P = readPlan(Path, Part, *Documents[I], Diags)) {
      File.Plans.push_back(std::move(*P));
    }
  }
  if (Diags.hasErrors(Before))
    return std::nullopt;
  return File;
}
