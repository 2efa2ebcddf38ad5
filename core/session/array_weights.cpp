#include "core/session/array_weights.h"

#include <array>
#include <cmath>
#include <cstring>

#include "core/base/half.h"

namespace attnviz {
namespace {

template <class Number>
Number at(std::span<const std::byte> bytes, std::int64_t index) {
    Number value;
    std::memcpy(&value, bytes.data() + static_cast<std::size_t>(index) * sizeof(Number), sizeof(Number));
    return value;
}

// A function that reads element `index` as a float.
using Read = float (*)(std::span<const std::byte>, std::int64_t);

template <class Number>
float readNumber(std::span<const std::byte> bytes, std::int64_t index) {
    return static_cast<float>(at<Number>(bytes, index));
}
float readHalf(std::span<const std::byte> bytes, std::int64_t index) {
    return floatFromHalf(at<std::uint16_t>(bytes, index));
}
float readBfloat(std::span<const std::byte> bytes, std::int64_t index) {
    return floatFromBfloat16(at<std::uint16_t>(bytes, index));
}

Read readerOf(TensorType type) {
    switch (type) {
        case TensorType::f32:
            return &readNumber<float>;
        case TensorType::f64:
            return &readNumber<double>;
        case TensorType::f16:
            return &readHalf;
        case TensorType::bf16:
            return &readBfloat;
        case TensorType::u8:
            return &readNumber<std::uint8_t>;
        case TensorType::i8:
            return &readNumber<std::int8_t>;
        case TensorType::i32:
            return &readNumber<std::int32_t>;
        case TensorType::i64:
            return &readNumber<std::int64_t>;
        default:
            return nullptr;
    }
}

struct Axes {
    std::array<std::int64_t, 4> sizes{}, steps{};  // layer, head, query, key; steps in elements
};

// The four axes with their steps; batch axes of one are dropped, missing ones are one long.
Axes axesOf(const NumberArray& array, const std::vector<std::int64_t>& plain) {
    const std::size_t count = array.shape.size();
    std::vector<std::int64_t> steps(count, 1);
    if (array.columnMajor) {
        for (std::size_t i = 1; i < count; ++i) steps[i] = steps[i - 1] * array.shape[i - 1];
    } else {
        for (std::size_t i = count - 1; i > 0; --i) steps[i - 1] = steps[i] * array.shape[i];
    }
    if (count == 5) steps.erase(steps.begin() + (array.shape[0] == 1 ? 0 : 1));
    Axes axes;
    const std::size_t missing = 4 - steps.size();
    for (std::size_t i = 0; i < 4; ++i) {
        axes.sizes[i] = plain[i];
        axes.steps[i] = i < missing ? 0 : steps[i - missing];
    }
    return axes;
}

// Calls `take(source index)` for one layer's cells in the order head, query, key.
template <class Take>
void eachCell(const Axes& axes, std::int64_t layer, Take take) {
    for (std::int64_t head = 0; head < axes.sizes[1]; ++head)
        for (std::int64_t query = 0; query < axes.sizes[2]; ++query) {
            const std::int64_t row = layer * axes.steps[0] + head * axes.steps[1] + query * axes.steps[2];
            for (std::int64_t key = 0; key < axes.sizes[3]; ++key) take(row + key * axes.steps[3]);
        }
}

}  // namespace

Result<WeightBlock> weightsFromArray(const NumberArray& array, const std::string& where,
                                     std::stop_token stop) {
    auto plain = plainShape(array.shape, where);
    if (!plain) return plain.error();
    const Read read = readerOf(array.type);
    if (!read)
        return unsupported("weights of type " + std::string(tensorTypeName(array.type)) + " are not read",
                           where, "Save them as float32.");
    const bool half = array.type == TensorType::f16;
    auto checked = checkShape((*plain)[0], (*plain)[1], (*plain)[2], (*plain)[3], half ? 2 : 4, where);
    if (!checked) return checked.error();
    const auto elements =
        checkedProduct({(*plain)[0], (*plain)[1], (*plain)[2], (*plain)[3], tensorTypeBytes(array.type)});
    if (!elements || static_cast<std::size_t>(*elements) != array.bytes.size())
        return badInput("the array's shape " + shapeText(array.shape) + " wants " +
                            std::to_string(elements.value_or(-1)) + " bytes, it has " +
                            std::to_string(array.bytes.size()),
                        where);
    WeightBlock block{
        static_cast<int>((*plain)[1]), static_cast<int>((*plain)[2]), static_cast<int>((*plain)[3]), {}};
    const Axes axes = axesOf(array, *plain);
    const bool asItLies = !array.columnMajor && (half || array.type == TensorType::f32);
    for (std::int64_t layer = 0; layer < axes.sizes[0]; ++layer) {
        if (stop.stop_requested()) return cancelled();
        auto weights = std::make_shared<DenseLayer>();
        if (half) {
            weights->halves.resize(block.cells());
        } else {
            weights->floats.resize(block.cells());
        }
        if (asItLies) {
            const std::size_t bytes = block.cells() * (half ? 2 : 4);
            void* const target = half ? static_cast<void*>(weights->halves.data()) : weights->floats.data();
            std::memcpy(target, array.bytes.data() + static_cast<std::size_t>(layer) * bytes, bytes);
        } else if (half) {
            auto cell = weights->halves.begin();
            eachCell(axes, layer,
                     [&](std::int64_t index) { *cell++ = at<std::uint16_t>(array.bytes, index); });
        } else {
            auto cell = weights->floats.begin();
            eachCell(axes, layer, [&](std::int64_t index) { *cell++ = read(array.bytes, index); });
        }
        block.layers.push_back(std::move(weights));
    }
    return block;
}

std::vector<std::int64_t> idsFromArray(const NumberArray& array) {
    std::vector<std::int64_t> ids;
    const bool oneAxis = array.shape.size() == 1 || (array.shape.size() == 2 && array.shape[0] == 1);
    const bool wide = array.type == TensorType::i64;
    if (!oneAxis || (!wide && array.type != TensorType::i32) || array.shape.back() > kMostTokens) return ids;
    for (std::int64_t i = 0; i < array.shape.back(); ++i)
        ids.push_back(wide ? at<std::int64_t>(array.bytes, i) : at<std::int32_t>(array.bytes, i));
    return ids;
}

}  // namespace attnviz
