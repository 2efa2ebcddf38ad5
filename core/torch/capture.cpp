#include "core/torch/capture.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>
#include <limits>

#include "core/attention/query_key_product.h"
#include "core/attention/row_kernels.h"
#include "core/base/half.h"

namespace attnviz {
namespace {

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();
// Rows of a block: a block of logits of 1,024 keys is 256 KB, and stays in the second-level cache.
constexpr int kBlockRows = 64;

// (tokens, heads * size), rows strided -> (heads, tokens, size), adjacent.
std::vector<float> byHead(const at::Tensor& tensor, int heads, int size) {
    const auto count = tensor.size(0);
    const at::Tensor moved =
        tensor.view({count, heads, size}).permute({1, 0, 2}).to(at::kCPU, at::kFloat).contiguous();
    const float* data = moved.data_ptr<float>();
    return {data, data + moved.numel()};
}

}  // namespace

AttentionCapture::AttentionCapture(AttentionInfo info, int headSize, const StoragePlan& plan, bool plain,
                                   std::stop_token stop)
    : m_info(std::move(info)), m_headSize(headSize), m_plan(plan), m_plain(plain), m_stop(std::move(stop)) {}

at::Tensor AttentionCapture::attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                    double scale, LogitAdjust adjust) {
    assert(adjust.sinks.empty());
    const bool quick = !m_plain && q.device().is_cpu() && q.scalar_type() == at::kFloat;
    at::Tensor context = quick ? attendQuick(q, k, v, scale, std::move(adjust))
                               : attendPlain(q, k, v, scale, std::move(adjust));
    ++m_layer;
    return context;
}

// What one head leaves behind.
struct AttentionCapture::HeadResult {
    Overview overview;
    HeadSummary summary;
};

at::Tensor AttentionCapture::attendQuick(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                         double scale, LogitAdjust adjust) {
    const int layerIndex = m_layer, heads = m_info.heads, queries = m_info.queries, keys = m_info.keys;
    const int group = heads / m_info.keyValueHeads;
    const bool keeps = m_plan.keeps, dense = keeps && m_plan.form == StorageForm::dense;
    const bool half = m_plan.precision == Precision::float16;
    const auto cells =
        static_cast<std::size_t>(heads) * static_cast<std::size_t>(queries) * static_cast<std::size_t>(keys);
    auto kept = std::make_shared<DenseLayer>();
    if (dense && half)
        kept->halves.resize(cells);
    else if (dense)
        kept->floats.resize(cells);
    std::vector<float> lse(
        dense || !keeps ? 0 : static_cast<std::size_t>(heads) * static_cast<std::size_t>(queries));
    std::vector<HeadResult> results(static_cast<std::size_t>(heads));
    at::Tensor context = at::empty({queries, static_cast<std::int64_t>(heads) * m_headSize}, q.options());
    const Visibility& visibility = m_info.visibility;
    const bool padded = !visibility.maskedKeys().empty();

#pragma omp parallel for schedule(dynamic)
    for (int head = 0; head < heads; ++head) {
        if (m_stop.stop_requested()) continue;
        const at::NoGradGuard noGrad;
        const auto size = static_cast<std::int64_t>(m_headSize);
        const at::Tensor headQueries = q.narrow(1, head * size, size);
        const at::Tensor headKeys = k.narrow(1, (head / group) * size, size);
        const at::Tensor headValues = v.narrow(1, (head / group) * size, size);
        const at::Tensor headContext = context.narrow(1, head * size, size);
        OverviewBuilder overview(queries, keys);
        HeadSummaryBuilder summary(queries, keys, m_info.square());
        const LogitBias bias(adjust, head, static_cast<float>(scale), visibility);
        std::vector<float> biases(bias.none() ? 0 : static_cast<std::size_t>(keys));
        at::Tensor scratch;
        if (!dense || half) scratch = at::empty({std::min(kBlockRows, queries), keys}, q.options());
        for (int begin = 0; begin < queries && !m_stop.stop_requested(); begin += kBlockRows) {
            const int rows = std::min(kBlockRows, queries - begin);
            KeyRange all = visibility.range(layerIndex, begin);
            for (int row = 1; row < rows; ++row) {
                const KeyRange range = visibility.range(layerIndex, begin + row);
                all = {std::min(all.begin, range.begin), std::max(all.end, range.end)};
            }
            const auto firstRow = static_cast<std::size_t>(head) * static_cast<std::size_t>(queries) +
                                  static_cast<std::size_t>(begin);
            float* data = dense && !half ? kept->floats.data() + firstRow * static_cast<std::size_t>(keys)
                                         : scratch.data_ptr<float>();
            // Logits of the block, only for keys that one of its queries may see: (rows, all.size()) within
            // (rows, keys).
            at::Tensor logits = at::from_blob(data + all.begin, {rows, all.size()}, {keys, 1}, q.options());
            logits.addmm_(headQueries.narrow(0, begin, rows), headKeys.narrow(0, all.begin, all.size()).t(),
                          0, scale);
            for (int row = 0; row < rows; ++row) {
                const int query = begin + row;
                float* whole = data + static_cast<std::size_t>(row) * static_cast<std::size_t>(keys);
                const KeyRange range = visibility.range(layerIndex, query);
                const std::span<float> weights(whole + range.begin, static_cast<std::size_t>(range.size()));
                if (adjust.softcap > 0) capValues(weights, adjust.softcap);
                if (!bias.none()) {
                    bias.fill(query, range, biases);
                    for (std::size_t key = 0; key < weights.size(); ++key) weights[key] += biases[key];
                }
                if (padded)
                    for (int key = range.begin; key < range.end; ++key)
                        if (visibility.masked(key)) whole[key] = kMinusInfinity;
                const RowMoments moments = softmaxRow(weights, query, range.begin);
                std::fill(whole + all.begin, whole + range.begin, 0.0F);
                std::fill(whole + range.end, whole + all.end, 0.0F);
                if (!keeps) continue;
                overview.addRow(query, range, weights, visibility);
                summary.addRow(layerIndex, query, range, weights, visibility, moments);
                if (!dense)
                    lse[firstRow + static_cast<std::size_t>(row)] = static_cast<float>(moments.logSumExp);
                if (dense && half) {
                    const auto to =
                        (firstRow + static_cast<std::size_t>(row)) * static_cast<std::size_t>(keys);
                    halvesFromFloats(
                        weights, std::span(kept->halves)
                                     .subspan(to + static_cast<std::size_t>(range.begin), weights.size()));
                }
            }
            headContext.narrow(0, begin, rows)
                .addmm_(logits, headValues.narrow(0, all.begin, all.size()), 0, 1);
        }
        if (keeps) results[static_cast<std::size_t>(head)] = {overview.finish(), summary.finish()};
    }
    if (m_stop.stop_requested()) return {};
    if (!keeps) return context;
    std::vector<Overview> overviews;
    std::vector<HeadSummary> summaries;
    for (auto& result : results) {
        overviews.push_back(std::move(result.overview));
        summaries.push_back(std::move(result.summary));
    }
    if (dense) {
        kept->overviews = std::move(overviews);
        kept->summaries = std::move(summaries);
        keepDense(std::move(kept));
    } else {
        keepFactored(q, k, scale, std::move(adjust), std::move(lse), std::move(overviews),
                     std::move(summaries));
    }
    return context;
}

at::Tensor AttentionCapture::attendPlain(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                         double scale, LogitAdjust adjust) {
    const int layerIndex = m_layer, heads = m_info.heads, queries = m_info.queries, keys = m_info.keys;
    const int group = heads / m_info.keyValueHeads;
    const auto size = static_cast<std::int64_t>(m_headSize);
    const bool dense = m_plan.keeps && m_plan.form == StorageForm::dense;
    at::Tensor hidden = at::zeros({queries, keys}, at::kBool);
    auto* flags = hidden.data_ptr<bool>();
    for (int query = 0; query < queries; ++query)
        for (int key = 0; key < keys; ++key)
            flags[static_cast<std::size_t>(query) * static_cast<std::size_t>(keys) +
                  static_cast<std::size_t>(key)] = !m_info.visibility.sees(layerIndex, query, key);
    hidden = hidden.to(q.device());
    std::vector<at::Tensor> contexts;
    auto kept = std::make_shared<DenseLayer>();
    for (int head = 0; head < heads; ++head) {
        if (m_stop.stop_requested()) return {};
        const at::Tensor keysOfHead = k.narrow(1, (head / group) * size, size);
        at::Tensor logits = at::mm(q.narrow(1, head * size, size), keysOfHead.t()).to(at::kFloat) * scale;
        if (adjust.softcap > 0) logits = at::tanh(logits / adjust.softcap) * adjust.softcap;
        const LogitBias bias(adjust, head, static_cast<float>(scale), m_info.visibility);
        if (!bias.none()) {
            at::Tensor biases = at::empty({queries, keys}, at::kFloat);
            const auto whole = static_cast<std::size_t>(keys);
            const std::span<float> values(biases.data_ptr<float>(),
                                          static_cast<std::size_t>(queries) * whole);
            for (int query = 0; query < queries; ++query)
                bias.fill(query, {0, keys}, values.subspan(static_cast<std::size_t>(query) * whole, whole));
            logits += biases.to(logits.device());
        }
        logits.masked_fill_(hidden, kMinusInfinity);
        // A row that sees nothing is uniform over all keys, as the reference's.
        const at::Tensor weights = at::softmax(logits, -1).nan_to_num(1.0 / keys);
        contexts.push_back(at::mm(weights.to(v.scalar_type()), v.narrow(1, (head / group) * size, size)));
        if (!dense) continue;
        const at::Tensor host = weights.to(at::kCPU).contiguous();
        const std::span<const float> values(host.data_ptr<float>(), static_cast<std::size_t>(host.numel()));
        if (m_plan.precision == Precision::float16) {
            const auto at = kept->halves.size();
            kept->halves.resize(at + values.size());
            halvesFromFloats(values, std::span(kept->halves).subspan(at));
        } else {
            kept->floats.insert(kept->floats.end(), values.begin(), values.end());
        }
    }
    if (dense)
        keepDense(std::move(kept));
    else if (m_plan.keeps)
        keepFactored(q, k, scale, std::move(adjust), {}, {}, {});
    return at::cat(contexts, 1);
}

void AttentionCapture::keepDense(std::shared_ptr<DenseLayer> layer) {
    m_dense.push_back(std::move(layer));
}

void AttentionCapture::keepFactored(const at::Tensor& q, const at::Tensor& k, double scale,
                                    LogitAdjust adjust, std::vector<float> lse,
                                    std::vector<Overview> overviews, std::vector<HeadSummary> summaries) {
    const int index = m_layer;
    auto kept = std::make_shared<FactoredLayer>();
    kept->width = m_headSize;
    kept->scale = static_cast<float>(scale);
    kept->adjust = std::move(adjust);
    kept->queryFloats = byHead(q, m_info.heads, m_headSize);
    kept->keyFloats = byHead(k, m_info.keyValueHeads, m_headSize);
    kept->lse = std::move(lse);
    kept->overviews = std::move(overviews);
    kept->summaries = std::move(summaries);
    if (kept->lse.empty()) kept->lse = FactoredAttention::logSumExp(m_info, index, *kept);
    std::shared_ptr<const FactoredLayer> layer = std::move(kept);
    if (m_plan.precision == Precision::float16) {
        const auto exact = layer;
        layer = FactoredAttention::rounded(m_info, index, layer, m_stop);
        if (!layer) return;
        // The error of rounding, on a few rows of each head: what the notice states.
        AttentionInfo one = m_info;
        one.layers = 1;
        one.visibility = Visibility(m_info.visibility);
        const auto before = FactoredAttention::create(one, {exact});
        const auto after = FactoredAttention::create(one, {layer});
        std::vector<float> a(static_cast<std::size_t>(m_info.keys)), b(a.size());
        for (int head = 0; head < m_info.heads; ++head)
            for (int sample = 1; sample <= 2; ++sample) {
                const int query = std::max(0, m_info.queries * sample / 2 - 1);
                before->row({0, head}, query, a);
                after->row({0, head}, query, b);
                for (std::size_t key = 0; key < a.size(); ++key)
                    m_roundingError =
                        std::max(m_roundingError, static_cast<double>(std::fabs(a[key] - b[key])));
            }
    }
    m_factored.push_back(std::move(layer));
}

std::shared_ptr<const AttentionSource> AttentionCapture::source() const {
    if (m_plan.form == StorageForm::dense) return DenseAttention::create(m_info, m_dense);
    return FactoredAttention::create(m_info, m_factored);
}

}  // namespace attnviz
