//===- JsonText.cpp - JSON strings, written directly ----------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "JsonText.h"
#include "llvm/ADT/STLExtras.h"
#include <nlohmann/json.hpp>

using namespace mergec;

static bool isPlain(char C) {
  return C >= 0x20 && C < 0x7f && C != '"' && C != '\\';
}

void mergec::appendJsonString(std::string &Out, llvm::StringRef Text) {
  if (llvm::all_of(Text, isPlain)) {
    Out += '"';
    Out.append(Text.data(), Text.size());
    Out += '"';
    return;
  }
  // With `replace` invalid UTF-8 does not throw.
  Out += nlohmann::json(Text.str())
             .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}
