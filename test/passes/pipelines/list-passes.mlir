// --list-passes prints every pass of the pipeline in its order, each with what
// its description says. sluice passes the words on to sluice-compile.

// RUN: sluice-compile --list-passes | FileCheck %s
// RUN: sluice compile --list-passes | FileCheck %s
// CHECK:      {{^}}sluice-flatten{{$}}
// CHECK-NEXT: {{^}}  One flat step
// CHECK:      Needs: one function with `plan.entry`
// CHECK:      {{^}}sluice-numerics{{$}}
// CHECK:      {{^}}sluice-fuse-gate{{$}}
// CHECK:      Needs: a flat step
// CHECK:      Gives: one dispatch a router.
// CHECK-NEXT: Saves: two launches a layer;
// CHECK:      Refuses: logits that others read;
// CHECK:      {{^}}sluice-fuse-experts{{$}}
// CHECK:      {{^}}sluice-fuse-indexer{{$}}
// CHECK:      {{^}}sluice-fuse-streams{{$}}
// CHECK:      {{^}}sluice-fuse-shared-input{{$}}
// CHECK:      {{^}}sluice-fuse-row-tails{{$}}
// CHECK:      {{^}}sluice-outline{{$}}
// CHECK:      {{^}}sluice-schedule{{$}}
// CHECK:      {{^}}sluice-lower{{$}}
// CHECK-NOT:  {{^}}sluice-
// CHECK-NOT:  {{<!--|^ *#}}

// The pipeline itself runs these passes, in this order.
// RUN: sluice-compile --list-passes | grep '^sluice-' > %t.listed
// RUN: sluice-compile %root/test/golden/v4-runtime --stop-after=frontend -o %t.mlir
// RUN: sluice-opt --sluice-pipeline --dump-pass-pipeline %t.mlir -o %t.out 2>&1 | grep -o 'sluice-[a-z-]*' | diff - %t.listed
