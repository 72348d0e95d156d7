#include "runtime/plan/PlanView.h"

namespace sluice {

std::string_view inputName(PlanView::InputKind kind) {
  switch (kind) {
  case PlanView::InputKind::Ids:
    return "ids";
  case PlanView::InputKind::Pos:
    return "pos";
  case PlanView::InputKind::Slot:
    return "slot";
  case PlanView::InputKind::First:
    return "first";
  case PlanView::InputKind::Rows:
    return "rows";
  case PlanView::InputKind::LogitRows:
    return "logit_rows";
  case PlanView::InputKind::Pages:
    return "pages";
  }
  return "unknown";
}

std::string_view dtypeName(fb::DType dtype) {
  switch (dtype) {
  case fb::DType::F32:
    return "F32";
  case fb::DType::BF16:
    return "BF16";
  case fb::DType::F8E4M3:
    return "F8E4M3";
  case fb::DType::F8E8M0:
    return "F8E8M0";
  case fb::DType::F4E2M1x2:
    return "F4E2M1x2";
  case fb::DType::I32:
    return "I32";
  case fb::DType::I64:
    return "I64";
  case fb::DType::Unknown:
    break;
  }
  return "unknown";
}

uint64_t dtypeBytes(fb::DType dtype) {
  switch (dtype) {
  case fb::DType::F32:
  case fb::DType::I32:
    return 4;
  case fb::DType::BF16:
    return 2;
  case fb::DType::F8E4M3:
  case fb::DType::F8E8M0:
  case fb::DType::F4E2M1x2:
    return 1;
  case fb::DType::I64:
    return 8;
  case fb::DType::Unknown:
    break;
  }
  return 0;
}

uint32_t argWords(fb::ArgKind kind) {
  switch (kind) {
  case fb::ArgKind::Buffer:
  case fb::ArgKind::Input:
  case fb::ArgKind::Parameter:
  case fb::ArgKind::Value:
    return 1;
  case fb::ArgKind::Log:
    return 2;
  case fb::ArgKind::Unknown:
    break;
  }
  return 0;
}

} // namespace sluice
