// pytorch_model.bin: the tensors of a file that torch.save has written, without running its pickle.
//
// The zip layout (PyTorch 1.6 and later: one pickle, one entry a storage) and the one before it (pickles,
// then storages one after the other). The pickle is run by PickleMachine, which can make nothing but
// descriptions. Storages stay mapped where they are stored as they are; compressed ones, and tensors whose
// elements do not lie in order, are copied. Hostile input.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/mapped_file.h"
#include "core/model/checkpoint.h"

namespace attnviz {

struct TorchTensors {
    std::map<std::string, TensorView, std::less<>> tensors;
    std::vector<std::shared_ptr<const std::vector<std::byte>>> copies;  // what views of copies look at
    std::int64_t totalBytes = 0;                                        // of storages
};

// `name` is what views call the file.
Result<TorchTensors> readTorchFile(const MappedFile& file, const std::string& name);

}  // namespace attnviz
