//===- timed.cpp - Runs a command; reports its time and peak ----*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   timed <report> <command> <argument>...
//
// Writes `<seconds> <peak RSS in bytes>` to the report and exits as the command
// did. The benchmark starts commands through it since the kernel counts what a
// process held before it became the command: a Python interpreter is larger
// than many a merge, this is not.
//
//===----------------------------------------------------------------------===//

#include <chrono>
#include <cstdio>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char **environ;

int main(int ArgumentCount, char **Arguments) {
  if (ArgumentCount < 3) {
    std::fprintf(stderr, "usage: timed <report> <command> <argument>...\n");
    return 2;
  }
  auto Start = std::chrono::steady_clock::now();
  pid_t Child;
  int Status;
  rusage Usage;
  if (posix_spawnp(&Child, Arguments[2], nullptr, nullptr, Arguments + 2,
                   environ) != 0 ||
      wait4(Child, &Status, 0, &Usage) < 0) {
    std::fprintf(stderr, "timed: cannot run `%s`\n", Arguments[2]);
    return 2;
  }
  std::chrono::duration<double> Seconds =
      std::chrono::steady_clock::now() - Start;
  std::FILE *Report = std::fopen(Arguments[1], "w");
  if (!Report ||
      std::fprintf(Report, "%.6f %ld\n", Seconds.count(),
                   Usage.ru_maxrss * 1024) < 0 ||
      std::fclose(Report) != 0) {
    std::fprintf(stderr, "timed: cannot write `%s`\n", Arguments[1]);
    return 2;
  }
  return WIFEXITED(Status) ? WEXITSTATUS(Status) : 128 + WTERMSIG(Status);
}
