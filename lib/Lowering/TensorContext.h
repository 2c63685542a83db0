//===- TensorContext.h - One tensor, as its method sees it ----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_LOWERING_TENSORCONTEXT_H
#define MERGEC_LIB_LOWERING_TENSORCONTEXT_H

#include "Slices.h"
#include "mergec/Methods/MethodContext.h"
#include <set>

namespace mergec {

/// One tensor to be merged: which tensor of each input, null where there is
/// none.
struct Job {
  std::string OutputName;
  llvm::StringRef Pattern; ///< For findings.
  int64_t Layer = -1;
  double Position = 0;
  TensorRole Role = TensorRole::Layer;
  llvm::SmallVector<const TensorInfo *, 8> Tensors;
};

/// Resolves parameters for one job after the other.
class TensorContext final : public MethodContext {
public:
  TensorContext(const Plan &P, const LoweringOptions &Options, Graph &G,
                Diagnostics &Diags)
      : MethodContext(G), P(P), Options(Options), Diags(Diags) {}

  double parameter(size_t I, llvm::StringRef Name) override;
  double global(llvm::StringRef Name) override;
  std::optional<double> optionalParameter(size_t I,
                                          llvm::StringRef Name) override;
  uint64_t randomKey(size_t I) override;
  void reportParameter(size_t I, llvm::StringRef Name,
                       const llvm::Twine &Message,
                       const llvm::Twine &Hint) override;
  void report(Kind K, const llvm::Twine &Message,
              const llvm::Twine &Hint) override;

  void begin(const Slice &S, const Job &J);
  void addInput(const Input &In, ValueId Stored, llvm::StringRef Name) {
    Inputs.push_back(Stored);
    Sources.push_back(&In);
    Names.push_back(Name);
  }
  void setBase(ValueId Stored) { Base = Stored; }
  void setCompute(DType T) { Compute = T; }

private:
  ParameterPlace place() const;
  const ParameterSpec &spec(llvm::StringRef Name) const;
  std::optional<ParameterValue> resolve(size_t I, llvm::StringRef Name);
  double missing(const ParameterSpec &Spec, const Input *For);

  const Plan &P;
  const LoweringOptions &Options;
  Diagnostics &Diags;
  const Slice *S = nullptr;
  const Job *J = nullptr;
  llvm::SmallVector<const Input *, 8> Sources;
  llvm::SmallVector<llvm::StringRef, 8> Names;
  std::set<std::pair<Kind, std::string>> Reported;
  bool Incomplete = false; ///< A parameter of the job was missing.
};

} // namespace mergec

#endif // MERGEC_LIB_LOWERING_TENSORCONTEXT_H
