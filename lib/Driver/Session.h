//===- Session.h - What a command has to say ------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_DRIVER_SESSION_H
#define MERGEC_LIB_DRIVER_SESSION_H

#include "mergec/Diagnostics/Diagnostics.h"
#include "mergec/Driver/Driver.h"

namespace mergec {

/// Prints what was reported when the command ends, whichever way.
class Session {
public:
  Session(const DriverOptions &Options, llvm::raw_ostream &Err)
      : Options(Options), Err(Err) {
    Diags.setStrict(Options.Strict);
    Diags.setQuiet(Options.Quiet);
  }
  int end() {
    flush();
    return Diags.exitCode();
  }
  void flush() {
    if (Options.JsonLog)
      Diags.flushJson(Err);
    else
      Diags.flush(Err, Err.has_colors());
  }

  Diagnostics Diags;

private:
  const DriverOptions &Options;
  llvm::raw_ostream &Err;
};

} // namespace mergec

#endif // MERGEC_LIB_DRIVER_SESSION_H
