//===- make-model.cpp - Models of real shapes, fast -------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Makes model directories to measure with: the tensor names and shapes of a
// published model, filled with random numbers at the speed of the disk, or
// (with
// --headers-only) sparse files that have true headers and no data, for models
// that no disk here would hold.
//
//   make-model base --shape tinyllama
//   make-model tuned --finetune-of base --seed 1
//   make-model huge --shape moe-1t --headers-only
//
// Every element is a function of (seed, tensor, index) alone, so the threads
// share nothing and the result does not depend on their number. A finetune adds
// to its base what training leaves: changes of about `--delta` of the weights'
// deviation, stronger in some stretches than in others, which 16-bit rounding
// turns into few distinct values and many zeros.
//
//===----------------------------------------------------------------------===//

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace llvm;

static cl::OptionCategory Options("make-model options");

static cl::opt<std::string> Directory(cl::Positional, cl::Required,
                                      cl::desc("<directory>"),
                                      cl::cat(Options));
static cl::opt<std::string>
    ShapeName("shape", cl::cat(Options), cl::init("tinyllama"),
              cl::desc("tinyllama, llama-8b, llama-70b, llama-405b or moe-1t"));
static cl::opt<std::string>
    FinetuneOf("finetune-of", cl::cat(Options), cl::value_desc("directory"),
               cl::desc("Change the model in this directory a little"));
static cl::opt<double>
    Delta("delta", cl::cat(Options), cl::init(0.02),
          cl::desc("Size of a finetune's change (0.02 of the deviation)"));
static cl::opt<std::string> TypeName("dtype", cl::cat(Options),
                                     cl::desc("bf16 (default), f16 or f32"));
static cl::opt<std::string>
    ShardsOf("shards-of", cl::cat(Options), cl::init("5GB"),
             cl::desc("Largest shard: 5GB (default), 500MB, …"));
static cl::opt<bool>
    HeadersOnly("headers-only", cl::cat(Options),
                cl::desc("Sparse files with true headers and no data"));
static cl::opt<uint64_t> Seed("seed", cl::cat(Options), cl::init(0));
static cl::opt<unsigned> Layers("layers", cl::cat(Options),
                                cl::desc("Instead of the shape's number"));
static cl::opt<unsigned> Experts("experts", cl::cat(Options),
                                 cl::desc("Instead of the shape's number"));
static cl::opt<unsigned> Threads("threads", cl::cat(Options),
                                 cl::desc("Default: one per core"));

[[noreturn]] static void fail(const Twine &Message) {
  errs() << "error: " << Message << '\n';
  exit(1);
}

//===----------------------------------------------------------------------===//
// Element types
//===----------------------------------------------------------------------===//

namespace {

enum class ElementType { F32, F16, BF16 };

unsigned sizeOf(ElementType T) { return T == ElementType::F32 ? 4 : 2; }

const char *nameOf(ElementType T) {
  return T == ElementType::F32 ? "F32" : T == ElementType::F16 ? "F16" : "BF16";
}

const char *torchNameOf(ElementType T) {
  return T == ElementType::F32   ? "float32"
         : T == ElementType::F16 ? "float16"
                                 : "bfloat16";
}

std::optional<ElementType> parseType(StringRef Name) {
  return StringSwitch<std::optional<ElementType>>(Name)
      .CasesLower("f32", "float32", ElementType::F32)
      .CasesLower("f16", "float16", ElementType::F16)
      .CasesLower("bf16", "bfloat16", ElementType::BF16)
      .Default(std::nullopt);
}

/// Rounds to nearest even. Finite values in the range of weights only.
void store(ElementType T, const float *From, void *To, size_t Count) {
  if (T == ElementType::F32) {
    std::memcpy(To, From, Count * sizeof(float));
  } else if (T == ElementType::BF16) {
    auto *Out = static_cast<uint16_t *>(To);
    for (size_t I = 0; I < Count; ++I) {
      uint32_t Bits = std::bit_cast<uint32_t>(From[I]);
      Out[I] = (Bits + 0x7fff + (Bits >> 16 & 1)) >> 16;
    }
  } else {
    auto *Out = static_cast<_Float16 *>(To);
    for (size_t I = 0; I < Count; ++I)
      Out[I] = static_cast<_Float16>(From[I]);
  }
}

void load(ElementType T, const void *From, float *To, size_t Count) {
  if (T == ElementType::F32) {
    std::memcpy(To, From, Count * sizeof(float));
  } else if (T == ElementType::BF16) {
    auto *In = static_cast<const uint16_t *>(From);
    for (size_t I = 0; I < Count; ++I)
      To[I] = std::bit_cast<float>(uint32_t(In[I]) << 16);
  } else {
    auto *In = static_cast<const _Float16 *>(From);
    for (size_t I = 0; I < Count; ++I)
      To[I] = static_cast<float>(In[I]);
  }
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

struct Tensor {
  std::string Name;
  std::vector<int64_t> Shape;
  ElementType Type;
  // Where it goes, and where its base lies (`BaseFile` < 0: nowhere).
  unsigned File = 0;
  uint64_t Offset = 0;
  int BaseFile = -1;
  uint64_t BaseOffset = 0;
  ElementType BaseType = ElementType::BF16;

  uint64_t elements() const {
    uint64_t Product = 1;
    for (int64_t Extent : Shape)
      Product *= Extent;
    return Product;
  }
  uint64_t bytes() const { return elements() * sizeOf(Type); }
};

struct Shape {
  StringRef Name, Architecture, ModelType;
  int64_t Layers, Hidden, Intermediate, Heads, KVHeads, HeadSize, Vocabulary;
  int64_t Experts; ///< 0: one dense MLP.
};

constexpr Shape Shapes[] = {
    {"tinyllama", "LlamaForCausalLM", "llama", 22, 2048, 5632, 32, 4, 64, 32000,
     0},
    {"llama-8b", "LlamaForCausalLM", "llama", 32, 4096, 14336, 32, 8, 128,
     128256, 0},
    {"llama-70b", "LlamaForCausalLM", "llama", 80, 8192, 28672, 64, 8, 128,
     128256, 0},
    {"llama-405b", "LlamaForCausalLM", "llama", 126, 16384, 53248, 128, 8, 128,
     128256, 0},
    {"moe-1t", "Qwen3MoeForCausalLM", "qwen3_moe", 78, 7168, 1536, 64, 8, 128,
     151936, 384},
};

std::vector<Tensor> tensorsOf(const Shape &S, ElementType Type) {
  std::vector<Tensor> Tensors;
  auto Add = [&](const Twine &Name, std::vector<int64_t> Extents) {
    Tensors.push_back({Name.str(), std::move(Extents), Type});
  };
  auto AddMLP = [&](const Twine &Prefix) {
    Add(Prefix + "down_proj.weight", {S.Hidden, S.Intermediate});
    Add(Prefix + "gate_proj.weight", {S.Intermediate, S.Hidden});
    Add(Prefix + "up_proj.weight", {S.Intermediate, S.Hidden});
  };
  Add("lm_head.weight", {S.Vocabulary, S.Hidden});
  Add("model.embed_tokens.weight", {S.Vocabulary, S.Hidden});
  for (int64_t N = 0; N < S.Layers; ++N) {
    std::string Layer = ("model.layers." + Twine(N) + ".").str();
    Add(Layer + "input_layernorm.weight", {S.Hidden});
    if (S.Experts) {
      Add(Layer + "mlp.gate.weight", {S.Experts, S.Hidden});
      for (int64_t E = 0; E < S.Experts; ++E)
        AddMLP(Layer + "mlp.experts." + Twine(E) + ".");
    } else {
      AddMLP(Layer + "mlp.");
    }
    Add(Layer + "post_attention_layernorm.weight", {S.Hidden});
    std::string Attention = Layer + "self_attn.";
    if (S.Experts) {
      Add(Attention + "k_norm.weight", {S.HeadSize});
      Add(Attention + "q_norm.weight", {S.HeadSize});
    }
    Add(Attention + "k_proj.weight", {S.KVHeads * S.HeadSize, S.Hidden});
    Add(Attention + "o_proj.weight", {S.Hidden, S.Heads * S.HeadSize});
    Add(Attention + "q_proj.weight", {S.Heads * S.HeadSize, S.Hidden});
    Add(Attention + "v_proj.weight", {S.KVHeads * S.HeadSize, S.Hidden});
  }
  Add("model.norm.weight", {S.Hidden});
  return Tensors;
}

std::string configOf(const Shape &S, ElementType Type) {
  json::Object Config{
      {"architectures", json::Array{S.Architecture}},
      {"bos_token_id", 1},
      {"eos_token_id", 2},
      {"head_dim", S.HeadSize},
      {"hidden_act", "silu"},
      {"hidden_size", S.Hidden},
      {"intermediate_size", S.Intermediate},
      {"max_position_embeddings", 2048},
      {"model_type", S.ModelType},
      {"num_attention_heads", S.Heads},
      {"num_hidden_layers", S.Layers},
      {"num_key_value_heads", S.KVHeads},
      {"rms_norm_eps", 1e-5},
      {"rope_theta", 10000.0},
      {"tie_word_embeddings", false},
      {"torch_dtype", torchNameOf(Type)},
      {"vocab_size", S.Vocabulary},
  };
  if (S.Experts) {
    Config["moe_intermediate_size"] = S.Intermediate;
    Config["num_experts"] = S.Experts;
    Config["num_experts_per_tok"] = 8;
  }
  return formatv("{0:2}\n", json::Value(std::move(Config))).str();
}

//===----------------------------------------------------------------------===//
// Reading a base
//===----------------------------------------------------------------------===//

std::string readText(const Twine &Path) {
  auto Buffer = MemoryBuffer::getFile(Path);
  if (!Buffer)
    fail("cannot read `" + Path + "`: " + Buffer.getError().message());
  return (*Buffer)->getBuffer().str();
}

/// The tensors of a safetensors file, each with its place as its base.
void readHeader(const std::string &Path, int File,
                std::vector<Tensor> &Tensors) {
  int FD = open(Path.c_str(), O_RDONLY);
  uint64_t Length = 0;
  if (FD < 0 || pread(FD, &Length, 8, 0) != 8 || Length > (1u << 30))
    fail("cannot read the header of `" + Path + "`");
  std::string Text(Length, '\0');
  if (pread(FD, Text.data(), Length, 8) != ssize_t(Length))
    fail("cannot read the header of `" + Path + "`");
  close(FD);
  Expected<json::Value> Parsed = json::parse(Text);
  if (!Parsed)
    fail("the header of `" + Path + "`: " + toString(Parsed.takeError()));
  size_t First = Tensors.size();
  for (const auto &[Name, Entry] : *Parsed->getAsObject()) {
    if (Name == "__metadata__")
      continue;
    const json::Object &Fields = *Entry.getAsObject();
    Tensor T;
    T.Name = StringRef(Name).str();
    for (const json::Value &Extent : *Fields.getArray("shape"))
      T.Shape.push_back(*Extent.getAsInteger());
    std::optional<ElementType> Type = parseType(*Fields.getString("dtype"));
    if (!Type)
      fail("`" + T.Name + "` of the base is of no 16 or 32 bit float type");
    T.Type = T.BaseType = *Type;
    T.BaseFile = File;
    T.BaseOffset =
        8 + Length + *(*Fields.getArray("data_offsets"))[0].getAsInteger();
    Tensors.push_back(std::move(T));
  }
  std::sort(Tensors.begin() + First, Tensors.end(),
            [](const Tensor &A, const Tensor &B) {
              return A.BaseOffset < B.BaseOffset;
            });
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// A well mixed function of a counter (the finaliser of splitmix64).
inline uint64_t mix(uint64_t X) {
  X += 0x9e3779b97f4a7c15;
  X = (X ^ X >> 30) * 0xbf58476d1ce4e5b9;
  X = (X ^ X >> 27) * 0x94d049bb133111eb;
  return X ^ X >> 31;
}

/// Near enough to a standard normal: the sum of four uniform 16-bit numbers.
inline float normal(uint64_t Bits) {
  auto Sum = int32_t((Bits & 0xffff) + (Bits >> 16 & 0xffff) +
                     (Bits >> 32 & 0xffff) + (Bits >> 48));
  return float(Sum - 131070) * (1.7320508f / 65535.0f);
}

/// To[I] = Mean + Deviation * normal, for elements First + I of a stream.
__attribute__((target_clones("arch=skylake-avx512", "arch=haswell",
                             "default"))) void
fillNormal(uint64_t Stream, uint64_t First, float Mean, float Deviation,
           float *To, size_t Count) {
  for (size_t I = 0; I < Count; ++I)
    To[I] = Mean + Deviation * normal(mix(Stream + First + I));
}

/// As fillNormal, but adds, with a deviation that changes every 128 elements by
/// up to a factor of four either way.
__attribute__((target_clones("arch=skylake-avx512", "arch=haswell",
                             "default"))) void
addChange(uint64_t Stream, uint64_t First, float Deviation, float *To,
          size_t Count) {
  constexpr uint64_t Stretch = 128;
  for (size_t Begin = 0; Begin < Count;) {
    size_t End =
        std::min<uint64_t>(Count, Begin + Stretch - (First + Begin) % Stretch);
    uint64_t Number = (First + Begin) / Stretch;
    float Local = Deviation * std::exp2(0.8f * normal(mix(~Stream + Number)));
    for (size_t I = Begin; I < End; ++I)
      To[I] += Local * normal(mix(Stream + First + I));
    Begin = End;
  }
}

uint64_t streamOf(StringRef Name, uint64_t Purpose) {
  uint64_t Hash = mix(Seed * 2 + Purpose);
  for (char C : Name)
    Hash = mix(Hash ^ uint8_t(C));
  return Hash;
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

struct Shard {
  std::string Name, Header;
  uint64_t Bytes = 0; ///< Of data.
};

/// Gives every tensor its shard and offset, in order.
std::vector<Shard> layOut(std::vector<Tensor> &Tensors, uint64_t Limit) {
  std::vector<Shard> Shards(1);
  for (Tensor &T : Tensors) {
    if (Shards.back().Bytes && Shards.back().Bytes + T.bytes() > Limit)
      Shards.emplace_back();
    T.File = Shards.size() - 1;
    T.Offset = Shards.back().Bytes;
    Shards.back().Bytes += T.bytes();
  }
  std::vector<std::string> Texts(Shards.size(),
                                 R"({"__metadata__":{"format":"pt"})");
  for (const Tensor &T : Tensors) {
    raw_string_ostream OS(Texts[T.File]);
    OS << ",\"" << T.Name << "\":{\"dtype\":\"" << nameOf(T.Type)
       << "\",\"shape\":[";
    interleave(T.Shape, OS, ",");
    OS << "],\"data_offsets\":[" << T.Offset << ',' << T.Offset + T.bytes()
       << "]}";
  }
  for (size_t I = 0; I < Shards.size(); ++I) {
    std::string &Text = Texts[I];
    Text += '}';
    Text.append(alignTo(Text.size(), 8) - Text.size(), ' ');
    uint64_t Length = Text.size();
    Shards[I].Header.assign(reinterpret_cast<char *>(&Length), 8);
    Shards[I].Header += Text;
    Shards[I].Name = Shards.size() == 1
                         ? "model.safetensors"
                         : formatv("model-{0,0+5}-of-{1,0+5}.safetensors",
                                   I + 1, Shards.size())
                               .str();
  }
  for (Tensor &T : Tensors)
    T.Offset += Shards[T.File].Header.size();
  return Shards;
}

void writeText(StringRef Name, StringRef Text) {
  SmallString<128> Path(Directory);
  sys::path::append(Path, Name);
  std::error_code Error;
  raw_fd_ostream OS(Path, Error);
  if (Error)
    fail("cannot write `" + Path + "`: " + Error.message());
  OS << Text;
}

std::string indexOf(ArrayRef<Tensor> Tensors, ArrayRef<Shard> Shards) {
  std::string Text;
  raw_string_ostream OS(Text);
  uint64_t Total = 0;
  for (const Shard &S : Shards)
    Total += S.Bytes;
  OS << "{\n  \"metadata\": {\"total_size\": " << Total
     << "},\n  \"weight_map\": {";
  const char *Separator = "\n";
  for (const Tensor &T : Tensors) {
    OS << Separator << "    \"" << T.Name << "\": \"" << Shards[T.File].Name
       << '"';
    Separator = ",\n";
  }
  OS << "\n  }\n}\n";
  return Text;
}

/// A run of elements of one tensor: the unit of work.
struct Piece {
  const Tensor *Of;
  uint64_t First, Count;
};

/// Makes and writes the values of pieces until there are none left.
void work(ArrayRef<Piece> Pieces, std::atomic<size_t> &Next, ArrayRef<int> Out,
          ArrayRef<int> Base) {
  std::vector<float> Values;
  std::vector<char> Bytes;
  for (size_t I; (I = Next++) < Pieces.size();) {
    const auto &[T, First, Count] = Pieces[I];
    bool IsNorm = T->Shape.size() == 1;
    Values.resize(Count);
    Bytes.resize(Count * sizeof(float));
    if (T->BaseFile < 0) {
      fillNormal(streamOf(T->Name, 0), First, IsNorm ? 1.0f : 0.0f, 0.02f,
                 Values.data(), Count);
    } else {
      uint64_t Size = sizeOf(T->BaseType);
      if (pread(Base[T->BaseFile], Bytes.data(), Count * Size,
                T->BaseOffset + First * Size) != ssize_t(Count * Size))
        fail("cannot read `" + T->Name + "` of the base");
      load(T->BaseType, Bytes.data(), Values.data(), Count);
      addChange(streamOf(T->Name, 1), First, 0.02f * float(Delta),
                Values.data(), Count);
    }
    store(T->Type, Values.data(), Bytes.data(), Count);
    uint64_t Size = sizeOf(T->Type);
    if (pwrite(Out[T->File], Bytes.data(), Count * Size,
               T->Offset + First * Size) != ssize_t(Count * Size))
      fail("cannot write `" + T->Name + "`: " + StringRef(strerror(errno)));
  }
}

uint64_t parseBytes(StringRef Text) {
  StringRef Number = Text.take_while(isDigit);
  uint64_t Unit = StringSwitch<uint64_t>(Text.substr(Number.size()))
                      .CasesLower("", "b", 1)
                      .CasesLower("k", "kb", 1000)
                      .CasesLower("m", "mb", 1000 * 1000)
                      .CasesLower("g", "gb", 1000 * 1000 * 1000)
                      .Default(0);
  uint64_t Value;
  if (!Unit || Number.getAsInteger(10, Value) || !Value)
    fail("`" + Text + "` is not a size such as 5GB");
  return Value * Unit;
}

} // namespace

int main(int ArgumentCount, char **Arguments) {
  cl::HideUnrelatedOptions(Options);
  cl::ParseCommandLineOptions(ArgumentCount, Arguments,
                              "Makes a model of a real shape.\n");
  std::optional<ElementType> Type;
  if (!TypeName.empty() && !(Type = parseType(TypeName)))
    fail("`" + TypeName + "` is none of bf16, f16, f32");
  if (std::error_code Error = sys::fs::create_directories(
          Directory, /*IgnoreExisting=*/true, sys::fs::perms::all_all))
    fail("cannot make `" + Directory + "`: " + Error.message());

  std::vector<Tensor> Tensors;
  std::vector<int> BaseFiles;
  std::string Config;
  if (FinetuneOf.empty()) {
    const Shape *Known =
        find_if(Shapes, [](const Shape &S) { return S.Name == ShapeName; });
    if (Known == std::end(Shapes))
      fail("no shape is called `" + ShapeName + "`");
    Shape S = *Known;
    S.Layers = Layers ? Layers : S.Layers;
    S.Experts = Experts ? Experts : S.Experts;
    Tensors = tensorsOf(S, Type.value_or(ElementType::BF16));
    Config = configOf(S, Type.value_or(ElementType::BF16));
  } else {
    std::vector<std::string> Paths;
    std::error_code Error;
    for (sys::fs::directory_iterator I(FinetuneOf, Error), End;
         I != End && !Error; I.increment(Error))
      if (StringRef(I->path()).ends_with(".safetensors"))
        Paths.push_back(I->path());
    llvm::sort(Paths);
    for (const std::string &Path : Paths) {
      readHeader(Path, BaseFiles.size(), Tensors);
      BaseFiles.push_back(open(Path.c_str(), O_RDONLY));
    }
    if (Tensors.empty())
      fail("no safetensors in `" + FinetuneOf + "`");
    for (Tensor &T : Tensors)
      T.Type = Type.value_or(T.Type);
    Config = readText(FinetuneOf + "/config.json");
  }

  std::vector<Shard> Shards = layOut(Tensors, parseBytes(ShardsOf));
  writeText("config.json", Config);
  writeText("generation_config.json",
            "{\n  \"bos_token_id\": 1,\n  \"eos_token_id\": 2\n}\n");
  if (Shards.size() > 1)
    writeText("model.safetensors.index.json", indexOf(Tensors, Shards));

  std::vector<int> Files;
  for (const Shard &S : Shards) {
    std::string Path = Directory + "/" + S.Name;
    int FD = open(Path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0644);
    uint64_t Bytes = S.Header.size() + S.Bytes;
    if (FD < 0 ||
        pwrite(FD, S.Header.data(), S.Header.size(), 0) !=
            ssize_t(S.Header.size()) ||
        (HeadersOnly ? ftruncate(FD, Bytes) : posix_fallocate(FD, 0, Bytes)))
      fail("cannot write `" + Path + "`: " + StringRef(strerror(errno)));
    if (HeadersOnly)
      close(FD); // Thousands of shards may not all be open.
    else
      Files.push_back(FD);
  }
  if (HeadersOnly)
    return 0;

  constexpr uint64_t PieceElements = 1 << 20;
  std::vector<Piece> Pieces;
  for (const Tensor &T : Tensors)
    for (uint64_t First = 0; First < T.elements(); First += PieceElements)
      Pieces.push_back(
          {&T, First, std::min(PieceElements, T.elements() - First)});
  std::atomic<size_t> Next = 0;
  std::vector<std::thread> Workers;
  unsigned Count = Threads ? Threads : std::thread::hardware_concurrency();
  for (unsigned I = 0; I < std::max(Count, 1u); ++I)
    Workers.emplace_back([&] { work(Pieces, Next, Files, BaseFiles); });
  for (std::thread &Worker : Workers)
    Worker.join();
  return 0;
}
