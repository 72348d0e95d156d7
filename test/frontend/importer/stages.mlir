// Every checkpoint of ours reaches every stage, and what each stage prints is
// IR that sluice-opt reads, verifies and prints the same.

// DEFINE: %{model} =
// DEFINE: %{stage} =
// DEFINE: %{run} = sluice-compile %root/test/%{model} --stop-after=%{stage} --verify-each -o %t.mlir && sluice-opt --verify-roundtrip %t.mlir -o /dev/null

// REDEFINE: %{model} = golden/v4-base
// REDEFINE: %{stage} = frontend
// RUN: %{run}
// REDEFINE: %{stage} = flatten
// RUN: %{run}
// REDEFINE: %{stage} = outline
// RUN: %{run}
// REDEFINE: %{stage} = schedule
// RUN: %{run}
// REDEFINE: %{stage} = lower
// RUN: %{run}

// REDEFINE: %{model} = golden/v4-plain-bf16
// REDEFINE: %{stage} = frontend
// RUN: %{run}
// REDEFINE: %{stage} = schedule
// RUN: %{run}

// REDEFINE: %{model} = golden/v4-released
// REDEFINE: %{stage} = frontend
// RUN: %{run}
// REDEFINE: %{stage} = schedule
// RUN: %{run}

// REDEFINE: %{model} = golden/v4-runtime
// REDEFINE: %{stage} = frontend
// RUN: %{run}
// REDEFINE: %{stage} = schedule
// RUN: %{run}

// REDEFINE: %{model} = golden/v4-saved-bf16
// REDEFINE: %{stage} = frontend
// RUN: %{run}
// REDEFINE: %{stage} = schedule
// RUN: %{run}

// REDEFINE: %{model} = models/tiny-v4
// REDEFINE: %{stage} = frontend
// RUN: %{run}
// REDEFINE: %{stage} = schedule
// RUN: %{run}

// The passes alone make of the frontend's text what the compiler makes.
// RUN: sluice-compile %root/test/golden/v4-runtime --stop-after=frontend -o %t.frontend.mlir
// RUN: sluice-compile %root/test/golden/v4-runtime --stop-after=schedule -o %t.schedule.mlir
// RUN: sluice-opt --sluice-pipeline=stop-after=schedule %t.frontend.mlir -o %t.alone.mlir
// RUN: sluice-opt %t.schedule.mlir -o %t.compiled.mlir
// RUN: cmp %t.alone.mlir %t.compiled.mlir
