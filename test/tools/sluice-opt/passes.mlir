// Every pass is there by name, and one after the other they give what the
// compiler gives. Names of values are left out: text does not carry them on.

// RUN: sluice-opt --help | FileCheck %s
// CHECK-DAG: --sluice-flatten
// CHECK-DAG: --sluice-numerics
// CHECK-DAG: --sluice-fuse-gate
// CHECK-DAG: --sluice-fuse-experts
// CHECK-DAG: --sluice-fuse-indexer
// CHECK-DAG: --sluice-fuse-streams
// CHECK-DAG: --sluice-fuse-shared-input
// CHECK-DAG: --sluice-fuse-row-tails
// CHECK-DAG: --sluice-outline
// CHECK-DAG: --sluice-schedule
// CHECK-DAG: --sluice-lower
// CHECK-DAG: --sluice-pipeline

// RUN: sluice-compile %root/test/golden/v4-runtime --stop-after=frontend -o %t.frontend
// RUN: sluice-opt %t.frontend --sluice-flatten -o %t.flatten
// RUN: sluice-opt %t.flatten --sluice-numerics -o %t.numerics
// RUN: sluice-opt %t.numerics --sluice-fuse-gate --sluice-fuse-experts --sluice-fuse-indexer --sluice-fuse-streams --sluice-fuse-shared-input --sluice-fuse-row-tails -o %t.fuse
// RUN: sluice-opt %t.fuse --sluice-outline -o %t.outline
// RUN: sluice-opt %t.outline --sluice-schedule -o %t.schedule
// RUN: sluice-opt %t.schedule --sluice-lower -o %t.lower

// RUN: sluice-compile %root/test/golden/v4-runtime --stop-after=flatten | sluice-opt | diff - %t.flatten
// RUN: sluice-compile %root/test/golden/v4-runtime --stop-after=numerics | sluice-opt | diff - %t.numerics
// RUN: sluice-compile %root/test/golden/v4-runtime --stop-after=fuse | sluice-opt | diff - %t.fuse
// RUN: sluice-compile %root/test/golden/v4-runtime --stop-after=outline | sluice-opt | diff - %t.outline
// RUN: sluice-compile %root/test/golden/v4-runtime --stop-after=schedule | sluice-opt | diff - %t.schedule
// RUN: sluice-compile %root/test/golden/v4-runtime --stop-after=lower | sluice-opt | diff - %t.lower
// RUN: sluice-opt %t.frontend --sluice-pipeline | diff - %t.lower
