//===- OrderGroups.cpp - The order of the work ---------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Schedule/Schedule.h"
#include <algorithm>
#include <utility>

using namespace mergec;

void mergec::orderGroups(SweepPlan &Plan) {
  std::stable_sort(Plan.Groups.begin(), Plan.Groups.end(),
                   [](const WorkGroup &A, const WorkGroup &B) {
                     return std::pair(A.FirstStore, A.Depth) <
                            std::pair(B.FirstStore, B.Depth);
                   });
}
