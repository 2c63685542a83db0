//===- Execute.h - Running a program into directories ---------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_DRIVER_EXECUTE_H
#define MERGEC_LIB_DRIVER_EXECUTE_H

#include "Compilation.h"
#include "Session.h"

namespace mergec {

using OutputDirectories = std::vector<std::unique_ptr<OutputDirectory>>;

/// Whether each result can be written to its directory, and all of them
/// together; reports what speaks against it.
bool checkOutputs(const Compilation &C, Diagnostics &Diags);

/// Begins a directory for each result, or goes on with those of an interrupted
/// run of the same plans: what that has completed is left out of the graph.
/// Needs the results' layout.
OutputDirectories beginOutputs(Compilation &C, Session &S,
                               llvm::raw_ostream &Out);

/// Runs the program into the directories, which appear when all of them are
/// complete; the result is the exit code.
int execute(Compilation &C, const OutputDirectories &All, Session &S,
            llvm::raw_ostream &Out, llvm::raw_ostream &Err);

} // namespace mergec

#endif // MERGEC_LIB_DRIVER_EXECUTE_H
