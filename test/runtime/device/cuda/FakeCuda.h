#pragma once

#include "test/runtime/device/cuda/fake/Control.h"

#include <gtest/gtest.h>

#include <dlfcn.h>

namespace sluice::fake {

/// Our driver, loaded so that libcuda.so.1 means it from now on.
inline const Control &control() {
  static const Control *control = [] {
    void *library = dlopen(SLUICE_FAKE_CUDA, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      ADD_FAILURE() << dlerror();
      std::abort();
    }
    using Get = const Control *();
    return reinterpret_cast<Get *>(dlsym(library, kControlSymbol))();
  }();
  return *control;
}

} // namespace sluice::fake
