//===- Output.h - The model directory that is written -----------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The layout of the result is fixed before the first weight is read: which
// shard holds each tensor and at which byte. The directory is built under a
// temporary name and renamed when complete, so that nothing that looks like a
// model is ever left behind by a run that did not finish.
//
// The order of calls: `layOut`, `OutputDirectory::begin`, `writeContents` (what
// can go wrong with the donor's files should do so before the long part), then
// the weights into `shardPaths()`, then `commit`. docs/Output.md says what the
// directory holds and why.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_OUTPUT_OUTPUT_H
#define MERGEC_OUTPUT_OUTPUT_H

#include "mergec/Checkpoint/Checkpoint.h"
#include "mergec/Diagnostics/Diagnostics.h"
#include "mergec/Plan/Plan.h"
#include "mergec/Types/DType.h"
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mergec {

/// A tensor of the result, in the order in which it is to be written.
struct OutputTensor {
  llvm::StringRef Name;
  llvm::ArrayRef<int64_t> Shape;
  DType Type; ///< `Opaque`: `ForeignType` names it.
  llvm::StringRef ForeignType;
  uint64_t Bytes;
  // Set by layOut:
  uint32_t Shard = 0;
  uint64_t Offset = 0; ///< From the start of the shard's file.
};

struct OutputShard {
  std::string
      FileName; ///< `model.safetensors`, `model-00001-of-00003.safetensors`
  std::string Header; ///< The first bytes: length, JSON, padding.
  uint64_t Bytes;     ///< The whole file.
};

struct OutputLayout {
  std::vector<OutputShard> Shards;
  uint64_t TensorBytes = 0; ///< `total_size` of the index.
};

/// Assigns tensors, in their order, to shards of at most `ShardBytes` of data
/// (a larger tensor has a shard of its own) and fixes every offset. Headers are
/// padded with spaces so that the data begins at a multiple of 4096 bytes. A
/// shard is also closed where its header would pass the 100 MB that readers
/// accept. Inside a shard the data follow the given order too, unless an
/// element would then lie at an offset that is not a multiple of its size:
/// PyTorch can't view such a tensor, and the format allows no gap. Then wider
/// elements come first. Names are UTF-8 and unique.
OutputLayout layOut(std::vector<OutputTensor> &Tensors, uint64_t ShardBytes);

/// What the result's configuration must say; fields left empty stay as the
/// donor has them.
struct ResultFacts {
  std::optional<int64_t> Layers;
  /// For each layer of the result, the donor's layer whose entry it takes in
  /// lists that hold one entry per layer (`layer_types`, …). Empty: unknown.
  std::vector<int64_t> LayerSources;
  std::optional<int64_t> Vocabulary;
  std::optional<DType> Type;
  std::optional<bool> TiesHead;
  /// By the donor's token ids: those in the result, -1 where it has no such
  /// token. Empty: they are the same.
  std::vector<int64_t> TokenIds;
  /// The ids of `eos_token`, …, by the result's tokenizer: for those that the
  /// donor's token is lost for.
  std::vector<std::pair<std::string, int64_t>> TokenRoles;
};

/// Everything that goes into the directory besides weights.
struct OutputContents {
  const Checkpoint *Donor = nullptr; ///< The base, else the first model.
  ResultFacts Facts;
  /// Token ids for generation_config.json, whose own are those of the donor's
  /// directory.
  ResultFacts Generation;
  /// Where the tokenizer's files are copied from. Empty: from the donor.
  std::string TokenizerDirectory;
  /// Files that are written instead of copied, by name.
  std::vector<std::pair<std::string, std::string>> Files;
  /// Files that are not copied.
  std::vector<std::string> LeftOut;
  const Plan *ThePlan = nullptr;
  std::string PlanText; ///< Of it and of all plans that it uses.
  /// Models in plan order, as spelt there, for the card.
  std::vector<std::string> Models;
  std::string BaseModel; ///< Empty if none.
  uint64_t Seed = 0;
  /// Of a result that is made in several stages: all of them in order, the
  /// result last.
  struct StageNote {
    std::string Name;
    const Method *MergeMethod = nullptr;
    struct Input {
      std::string Name;
      bool IsStage;
    };
    std::vector<Input> Models;
    uint64_t Seed = 0;
  };
  std::vector<StageNote> Stages;
  std::string Version; ///< mergec's.
};

/// A directory being written. `begin` checks and creates; `commit` makes it
/// appear; destruction without either commit or `keep` removes all that was
/// written.
///
/// A journal in the temporary directory says which tensors are complete. What a
/// run that was killed has left there serves the next one with the same key,
/// and stays if that fails, too.
///
/// A directory that does not exist yet is built beside its place, as
/// `.<name>.mergec-<pid>`, and renamed. One that exists keeps its identity
/// (it may be a mount point, the working directory, or stand in a directory
/// that can't be written): the temporary directory is made inside it and the
/// files are moved up, config.json last.
class OutputDirectory {
public:
  /// Reports and returns nothing when `Path` is a file, a non-empty directory
  /// (without `Force`; with it, one that does not look like a model), one of
  /// `Inputs`, inside one or contains one, is being written by another run,
  /// cannot be written, or when the file system has less room than the layout
  /// needs. Removes what earlier runs that were killed have left for `Path`; or
  /// takes it over, if it has a journal of `Key`: a text from which all bytes
  /// of the result follow, its layout too. Without a key no journal is kept.
  static std::unique_ptr<OutputDirectory>
  begin(llvm::StringRef Path, bool Force, const OutputLayout &Layout,
        llvm::ArrayRef<const Checkpoint *> Inputs, Diagnostics &Diags,
        llvm::StringRef Key = "");
  ~OutputDirectory();
  OutputDirectory(const OutputDirectory &) = delete;
  OutputDirectory &operator=(const OutputDirectory &) = delete;

  /// Only the checks of `begin`, without touching the disk.
  static bool check(llvm::StringRef Path, bool Force,
                    const OutputLayout &Layout,
                    llvm::ArrayRef<const Checkpoint *> Inputs,
                    Diagnostics &Diags);

  /// Reports results that each have room enough on their file system, but not
  /// together.
  static bool
  checkRoom(llvm::ArrayRef<std::pair<std::string, const OutputLayout *>> Places,
            Diagnostics &Diags);

  /// Shard files, created at full size with their headers written, in shard
  /// order: paths under the temporary directory.
  llvm::ArrayRef<std::string> shardPaths() const { return Paths; }

  /// The tensors that an earlier run has completed: sorted indices.
  llvm::ArrayRef<uint32_t> finished() const { return Finished; }

  /// Has the data of the tensors `Done`, which are complete, on the disk, and
  /// then says so in the journal. From one thread, while others write to other
  /// tensors. 0, or errno.
  int record(llvm::ArrayRef<uint32_t> Done,
             llvm::ArrayRef<OutputTensor> Tensors);

  /// Leaves the temporary directory for a later run, and gives its path; empty
  /// if it has nothing to offer.
  std::string keep();

  /// Writes index, config.json, generation and tokenizer files, README.md and
  /// mergekit_config.yml.
  bool writeContents(const OutputLayout &Layout,
                     llvm::ArrayRef<OutputTensor> Tensors,
                     const OutputContents &Contents, Diagnostics &Diags);

  /// Renames; with `Sync`, all data are forced to the disk before, so that the
  /// result survives a power failure. With `Force`, an older directory's files
  /// are replaced and stale weights, indexes and tokenizer files of the earlier
  /// result removed; other files stay.
  bool commit(Diagnostics &Diags, bool Sync = false);

private:
  OutputDirectory() = default;
  bool create(const OutputLayout &Layout, Diagnostics &Diags);
  bool takeOver(const std::string &Path, const OutputLayout &Layout,
                llvm::StringRef Key);
  bool makeTemporary(Diagnostics &Diags);
  bool syncAll(llvm::ArrayRef<std::string> Names, Diagnostics &Diags);
  bool moveIntoExisting(std::vector<std::string> Names, Diagnostics &Diags);

  std::string Final;     ///< Absolute, without symbolic links.
  std::string Shown;     ///< As the user spelt it.
  std::string Temporary; ///< Empty before `makeTemporary` and once done with.
  std::vector<std::string> Paths;
  std::vector<std::string> CreatedParents; ///< Outermost first.
  int Lock = -1; ///< The open temporary directory, locked while it is ours.
  std::vector<uint32_t> Finished;
  size_t Recorded = 0; ///< Tensors in the journal.
  bool Existed = false, Force = false, Kept = false;
};

/// The donor's config.json with the facts applied; reports when it can't be
/// read as JSON, and what of it no longer fits the result. Keeps the order of
/// the keys.
std::optional<std::string> editConfig(const Checkpoint &Donor,
                                      const ResultFacts &Facts,
                                      Diagnostics &Diags);

/// generation_config.json with the result's token ids; its own text if it can't
/// be read as JSON, or if nothing changes.
std::string editGenerationConfig(llvm::StringRef Text, const ResultFacts &Facts,
                                 Diagnostics &Diags);

/// The Hugging Face model card.
std::string modelCard(const OutputContents &Contents);

} // namespace mergec

#endif // MERGEC_OUTPUT_OUTPUT_H
