#ifndef SLUICE_PLAN_TYPES
#define SLUICE_PLAN_TYPES

include "dialects/plan/PlanDialect.td"
include "mlir/IR/AttrTypeBase.td"

class Plan_Type<string name, string typeMnemonic> : TypeDef<Plan_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def Plan_Batch : Plan_Type<"Batch", "batch"> {
  let summary = "the ragged batch of a step: position, slot and sequence of each row";
  let description = [{
    Guaranteed by the runtime before binding: (B1) row offsets start at 0, end at
    T and ascend strictly; (B2) positions inside a sequence are consecutive;
    (B3) one slot a sequence, no slot twice; (B4) the first position of a
    sequence is the number of tokens its slot has kept.
  }];
}

def Plan_Scope : Plan_Type<"Scope", "scope"> {
  let summary = "a prefix of checkpoint names";
}

def Plan_Log : Plan_Type<"Log", "log"> {
  let summary = "rows of state, written once, addressed by absolute position";
  let description = [{
    Row i is what tokens `i*every .. i*every + every - 1` left behind; it is
    visible at position t iff `(i + 1) * every <= t + 1`. `keep` > 0: a ring that
    holds only the last `keep` rows (then `every` is 1); `keep` = 0: paged, all
    rows are kept.

    ```mlir
    !plan.log<512xf32 keep 128>      // window: 512 numbers a row
    !plan.log<2x1024xf32 keep 8>     // compressor tail: two parts of 1024
    !plan.log<512xf32 every 4>       // compressed entries
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType,
                        "int64_t":$keep, "int64_t":$every);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    bool isRing() const { return getKeep() > 0; }
    /// Elements of one row, all parts together.
    int64_t getRowSize() const;
    /// Bytes of one row; elements are whole bytes.
    int64_t getRowBytes() const;
  }];
}

#endif
