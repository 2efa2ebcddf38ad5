#include "core/attention/storage_plan.h"

#include <limits>

#include "core/base/readable.h"

namespace attnviz {
namespace {

constexpr double kDenseShare = 0.25, kRefusedAbove = 0.80;

// Shapes come from files: products and sums saturate instead of wrapping.
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 4;

std::int64_t product(std::initializer_list<std::int64_t> factors) {
    std::int64_t total = 1;
    for (const auto factor : factors)
        if (__builtin_mul_overflow(total, factor, &total) || total > kMost) return kMost;
    return total;
}

std::int64_t sum(std::int64_t a, std::int64_t b) {
    return a > kMost - b ? kMost : a + b;
}

std::int64_t bytesOf(const StorageShape& shape, StorageForm form, Precision precision) {
    const std::int64_t number = precision == Precision::float16 ? 2 : 4;
    if (form == StorageForm::dense)
        return product({shape.layers, shape.heads, shape.queries, shape.keys, number});
    return sum(sum(product({shape.layers, shape.heads, shape.queries, shape.headSize, number}),
                   product({shape.layers, shape.keyValueHeads, shape.keys, shape.headSize, number})),
               product({shape.layers, shape.heads, shape.queries, 4}));
}

std::string nameOf(const StoragePlan& plan) {
    const std::string precision = plan.precision == Precision::float16 ? "float16" : "float32";
    return plan.form == StorageForm::dense ? "dense " + precision : "queries and keys, " + precision;
}

}  // namespace

StoragePlan planStorage(std::span<const StorageShape> kinds, std::int64_t workingBytes,
                        std::int64_t availableBytes, StorageForm wishedForm, Precision wishedPrecision) {
    const auto available = static_cast<double>(availableBytes);
    const auto planned = [&](StorageForm form, Precision precision) {
        StoragePlan plan;
        plan.form = form;
        plan.precision = precision;
        plan.availableBytes = availableBytes;
        for (const auto& kind : kinds) plan.keptBytes = sum(plan.keptBytes, bytesOf(kind, form, precision));
        plan.peakBytes = sum(plan.keptBytes, workingBytes);
        plan.fits = static_cast<double>(plan.peakBytes) <= kRefusedAbove * available;
        plan.sentence = nameOf(plan) + ", " + readableBytes(plan.keptBytes);
        return plan;
    };
    StoragePlan plan;
    if (wishedForm == StorageForm::dense) {
        plan = planned(StorageForm::dense, wishedPrecision);
    } else {
        plan = planned(StorageForm::dense, wishedPrecision);
        const bool dense = wishedForm == StorageForm::automatic &&
                           static_cast<double>(plan.keptBytes) <= kDenseShare * available && plan.fits;
        if (!dense) {
            plan = planned(StorageForm::factored, wishedPrecision);
            if (!plan.fits && wishedPrecision == Precision::float32)
                plan = planned(StorageForm::factored, Precision::float16);
        }
    }
    if (!plan.fits) {
        plan.sentence = "the run would take " + readableBytes(plan.peakBytes) + " (" + nameOf(plan) + ": " +
                        readableBytes(plan.keptBytes) + "), of " + readableBytes(availableBytes) +
                        " available";
    }
    return plan;
}

}  // namespace attnviz
