// Attention kept as tensors of a safetensors file.
#include "core/model/checkpoint.h"
#include "core/session/array_names.h"
#include "core/session/array_weights.h"
#include "core/session/session_forms.h"

namespace attnviz {
namespace {

// Eight bytes of length, then a JSON object of that length.
bool claims(const OpenedFile& file) {
    if (file.json || file.bytes.size() < 10 || file.bytes[8] != '{') return false;
    std::uint64_t length = 0;
    for (std::size_t i = 8; i > 0; --i) length = length << 8U | static_cast<unsigned char>(file.bytes[i - 1]);
    return length >= 2 && length <= file.bytes.size() - 8;
}

Result<Session> read(OpenedFile& file) {
    auto checkpoint = Checkpoint::openFile(file.path);
    if (!checkpoint) return checkpoint.error();
    const auto array = [&](const std::string& name) {
        const TensorView& tensor = *checkpoint->find(name);
        return NumberArray{tensor.type, tensor.shape, false, tensor.bytes};
    };
    NamedArrays arrays;
    for (const auto& tensor : checkpoint->tensors()) arrays.names.push_back(tensor.first);
    arrays.weights = [&](const std::string& name) {
        return weightsFromArray(array(name), file.path.string() + ", " + name, file.stop);
    };
    arrays.ids = [&](const std::string& name) { return idsFromArray(array(name)); };
    arrays.texts = [](const std::string&) { return std::vector<std::string>(); };
    arrays.looksLikeWeights = [&](const std::string& name) {
        const auto tensor = array(name);
        return tensor.shape.size() >= 2 && tensor.type != TensorType::i64 && tensor.type != TensorType::i32;
    };
    auto foreign = foreignRunFrom(arrays, file.path);
    if (!foreign) return foreign.error();
    return foreignSession(std::move(*foreign), file.stop);
}

}  // namespace

extern const SessionForm kSafetensorsForm{"safetensors file with attention", &claims, &read};

}  // namespace attnviz
