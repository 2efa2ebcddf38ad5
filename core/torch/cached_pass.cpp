#include "core/torch/cached_pass.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#include <utility>

#include "core/base/system_memory.h"

namespace attnviz {
namespace {

constexpr double kMemoryShare = 0.25;
// Query rows whose logits are there at once.
constexpr std::int64_t kBlockRows = 64;
// Room that is made beside what is needed, for tokens to come.
constexpr std::int64_t kSpareRows = 64;

// softmax(cap(scale q k^T) + bias) v of the queries from `first` on, over all keys so far. q (n, heads *
// size), keys and values (count, key-value heads * size); the obvious version of plain tensor operations.
struct Growing {
    const KindShape& shape;
    int layer = 0;
    std::int64_t first = 0;

    at::Tensor attend(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values, double scale,
                      const LogitAdjust& adjust) const {
        std::vector<at::Tensor> contexts;
        for (std::int64_t row = 0; row < q.size(0); row += kBlockRows)
            contexts.push_back(block(q.narrow(0, row, std::min(kBlockRows, q.size(0) - row)), first + row,
                                     keys, values, scale, adjust));
        return contexts.size() == 1 ? contexts.front() : at::cat(contexts, 0);
    }

 private:
    // The keys that one of `rows` queries may see.
    KeyRange seen(std::int64_t query, std::int64_t rows) const {
        KeyRange all{std::numeric_limits<int>::max(), 0};
        for (std::int64_t row = 0; row < rows; ++row) {
            const KeyRange range = shape.info.visibility.range(layer, static_cast<int>(query + row));
            all = {std::min(all.begin, range.begin), std::max(all.end, range.end)};
        }
        return all;
    }

    at::Tensor block(const at::Tensor& q, std::int64_t query, const at::Tensor& allKeys,
                     const at::Tensor& allValues, double scale, const LogitAdjust& adjust) const {
        const AttentionInfo& info = shape.info;
        const std::int64_t rows = q.size(0), heads = info.heads, kept = info.keyValueHeads,
                           size = shape.headSize, group = heads / kept;
        const KeyRange range = seen(query, rows);
        const std::int64_t count = range.size();
        const auto byHead = [&](const at::Tensor& x) {  // (key-value heads, count, size)
            return x.narrow(0, range.begin, count).view({count, kept, size}).transpose(0, 1);
        };
        // Queries of a group meet the same keys: (key-value heads, group * rows, size).
        const at::Tensor queries =
            q.view({rows, kept, group, size}).permute({1, 2, 0, 3}).reshape({kept, group * rows, size});
        at::Tensor logits = at::bmm(queries, byHead(allKeys).transpose(1, 2))
                                .view({heads, rows, count})
                                .to(at::kFloat)
                                .mul_(scale);
        if (adjust.softcap > 0) logits = at::tanh(logits / adjust.softcap).mul_(adjust.softcap);
        if (adjust.hasBias()) logits += biases(query, rows, range, scale, adjust).to(logits.device());
        if (const auto hidden = unseen(query, rows, range))
            logits.masked_fill_(hidden->to(logits.device()), -std::numeric_limits<float>::infinity());
        // A row that sees nothing is uniform, as the reference's.
        const at::Tensor weights =
            at::softmax(logits, -1).nan_to_num_(1.0 / static_cast<double>(count)).to(allValues.scalar_type());
        return at::bmm(weights.view({kept, group * rows, count}), byHead(allValues))
            .view({kept, group, rows, size})
            .permute({2, 0, 1, 3})
            .reshape({rows, heads * size});
    }

    at::Tensor biases(std::int64_t query, std::int64_t rows, const KeyRange& range, double scale,
                      const LogitAdjust& adjust) const {
        at::Tensor values = at::empty({shape.info.heads, rows, range.size()}, at::kFloat);
        float* data = values.data_ptr<float>();
        for (int head = 0; head < shape.info.heads; ++head) {
            const LogitBias bias(adjust, head, static_cast<float>(scale), shape.info.visibility);
            for (std::int64_t row = 0; row < rows; ++row, data += range.size())
                bias.fill(static_cast<int>(query + row), range,
                          {data, static_cast<std::size_t>(range.size())});
        }
        return values;
    }

    // Where a query must not look: (rows, count). Nothing where all see all.
    std::optional<at::Tensor> unseen(std::int64_t query, std::int64_t rows, const KeyRange& range) const {
        const Visibility& visibility = shape.info.visibility;
        if (rows == 1 && visibility.maskedKeys().empty()) return {};
        at::Tensor hidden = at::empty({rows, range.size()}, at::kBool);
        bool* flags = hidden.data_ptr<bool>();
        for (std::int64_t row = 0; row < rows; ++row)
            for (int key = range.begin; key < range.end; ++key)
                *flags++ = !visibility.sees(layer, static_cast<int>(query + row), key);
        return hidden;
    }
};

StoragePlan planThatKeepsNothing() {
    StoragePlan plan;
    plan.form = StorageForm::factored;
    plan.keeps = false;
    return plan;
}

template <class Values>
std::size_t commonLength(const Values& a, const Values& b) {
    const auto end = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
    return static_cast<std::size_t>(end - a.begin());
}

// How many tokens two texts begin with that are given alike.
std::size_t commonTokens(const ModelInput& a, const ModelInput& b) {
    std::size_t common = commonLength(a.ids, b.ids);
    for (const auto values : {&ModelInput::segmentIds, &ModelInput::attentionMask}) {
        if ((a.*values).empty() != (b.*values).empty()) return 0;
        if (!(a.*values).empty()) common = std::min(common, commonLength(a.*values, b.*values));
    }
    return common;
}

}  // namespace

void CachedPass::Rows::append(const at::Tensor& k, const at::Tensor& v) {
    const std::int64_t needed = filled + k.size(0);
    for (const auto& [room, rows] : {std::pair{&keys, &k}, std::pair{&values, &v}}) {
        if (!room->defined() || room->size(0) < needed) {
            const at::Tensor grown =
                at::empty({needed + needed / 4 + kSpareRows, rows->size(1)}, rows->options());
            if (filled > 0) grown.narrow(0, 0, filled).copy_(room->narrow(0, 0, filled));
            *room = grown;
        }
        if (rows->size(0) > 0) room->narrow(0, filled, rows->size(0)).copy_(*rows);
    }
    filled = needed;
}

// One kind of attention: the layers attend to the rows that are kept and to their own, which are kept then.
struct CachedPass::Kind {
    const KindShape& shape;
    std::vector<Rows>* kept;  // null: none, the rows are all there
    std::function<LogitAdjust(int)> adjust;
    AttentionCapture capture;
    int layer = 0;  // the one that runs
    Attend attend;

    Kind(const KindShape& kindShape, std::vector<Rows>* rows, std::int64_t first,
         std::function<LogitAdjust(int)> adjustOf, const std::stop_token& stop)
        : shape(kindShape),
          kept(rows),
          adjust(std::move(adjustOf)),
          capture(shape.info, shape.headSize, planThatKeepsNothing(), false, stop) {
        attend.first = first;
        attend.function = [this](const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                 double scale) { return context(q, k, v, scale); };
    }
    Kind(const Kind&) = delete;
    Kind& operator=(const Kind&) = delete;

 private:
    at::Tensor context(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, double scale) {
        if (kept) {
            Rows& rows = (*kept)[static_cast<std::size_t>(layer)];
            const bool goesOn = rows.filled > 0;
            rows.append(k, v);
            if (goesOn)
                return Growing{shape, layer, attend.first}.attend(q, rows.keys.narrow(0, 0, rows.filled),
                                                                  rows.values.narrow(0, 0, rows.filled),
                                                                  scale, adjust(layer));
        }
        const at::Tensor whole = capture.attend(q, k, v, scale, adjust(layer));
        // A stopped layer goes on with anything of the right shape; its result is thrown away.
        return whole.defined() ? whole : at::zeros({q.size(0), q.size(1)}, q.options());
    }
};

bool CachedPass::suits(const ModelInput& input) const {
    const ModelInfo& info = m_network.info();
    if ((!info.causal && !info.encoderDecoder) || plainKernelWanted()) return false;
    double needed = 0, held = 0;
    for (const auto& [kind, headSize] : attentionKinds(m_network, input))
        if (kind.kind != AttentionKind::encoder)
            needed += 2.0 * sizeof(float) * kind.layers * kind.keyValueHeads * headSize *
                      (1.25 * kind.keys + kSpareRows);
    for (const auto* rows : {&m_self, &m_cross})
        for (const auto& layer : *rows)
            if (layer.keys.defined())
                held += static_cast<double>(layer.keys.nbytes() + layer.values.nbytes());
    return needed <= kMemoryShare * (static_cast<double>(availableMemoryBytes()) + held);
}

void CachedPass::drop() {
    m_input = {};
    m_self.clear();
    m_cross.clear();
}

bool CachedPass::sourceStays(const ModelInput& input) const {
    return !m_cross.empty() && m_input.ids.size() == input.ids.size() &&
           commonTokens(m_input, input) == input.ids.size();
}

// Of the rows of the decoder; that of the last token is not among them, for its logits are wanted.
std::int64_t CachedPass::rowsThatStay(const ModelInput& input) const {
    const bool apart = m_network.info().encoderDecoder;
    const auto& before = apart ? m_input.targetIds : m_input.ids;
    const auto& now = apart ? input.targetIds : input.ids;
    const auto common = apart ? commonLength(before, now) : commonTokens(m_input, input);
    const auto stay = static_cast<std::int64_t>(std::min(common, now.size() - 1));
    const auto count = static_cast<std::int64_t>(now.size());
    // Many new rows are quicker by the kernel of whole texts.
    if (2 * stay < count || !m_network.keysStay(static_cast<std::int64_t>(before.size()), count)) return 0;
    return stay;
}

at::Tensor CachedPass::run(const ModelInput& input, const std::stop_token& stop) {
    const bool apart = m_network.info().encoderDecoder;
    std::int64_t first = 0;
    if (!apart || sourceStays(input))
        first = rowsThatStay(input);
    else
        m_cross.clear();
    m_input = {};  // nothing counts until all of it has run
    const auto layers = static_cast<std::size_t>(apart ? m_network.target().layers : m_network.info().layers);
    m_self.resize(layers);
    for (auto& rows : m_self) rows.filled = first;
    const at::Tensor hidden = apart ? runTargetLayers(input, stop, first) : runLayers(input, stop, first);
    if (!hidden.defined()) return {};
    m_input = input;
    const at::Tensor last = hidden.narrow(0, hidden.size(0) - 1, 1);
    return apart ? m_network.targetFinish(last) : m_network.finish(last);
}

// The layers of a decoder alone, or of the encoder beside one: its rows never grow, and are not kept.
at::Tensor CachedPass::runLayers(const ModelInput& input, const std::stop_token& stop, std::int64_t first) {
    const auto kinds = attentionKinds(m_network, input);
    Kind kind(
        kinds[0], m_network.info().encoderDecoder ? nullptr : &m_self, first,
        [&](int layer) { return m_network.logitAdjust(layer); }, stop);
    const at::Tensor embedded = m_network.embed(input);
    at::Tensor hidden = embedded.narrow(0, first, embedded.size(0) - first);
    for (; kind.layer < m_network.info().layers; ++kind.layer) {
        if (stop.stop_requested()) return {};
        hidden = m_network.layer(kind.layer, hidden, kind.attend);
    }
    return stop.stop_requested() ? at::Tensor() : hidden;
}

at::Tensor CachedPass::runTargetLayers(const ModelInput& input, const std::stop_token& stop,
                                       std::int64_t first) {
    const auto kinds = attentionKinds(m_network, input);
    const at::Tensor embedded = m_network.targetEmbed(input);
    at::Tensor hidden = embedded.narrow(0, first, embedded.size(0) - first);
    at::Tensor encoded;
    if (m_cross.empty()) {
        encoded = runLayers(input, stop, 0);
        if (!encoded.defined()) return {};
        encoded = m_network.finish(encoded);
        m_cross.resize(m_self.size());
    } else {
        encoded = hidden.narrow(0, 0, 0);  // no new rows: those of the source are kept
    }
    const auto adjustOf = [&](AttentionKind kind) {
        return [this, kind](int layer) { return m_network.targetLogitAdjust(kind, layer); };
    };
    Kind self(kinds[1], &m_self, first, adjustOf(AttentionKind::decoder), stop);
    Kind cross(kinds[2], &m_cross, first, adjustOf(AttentionKind::cross), stop);
    for (int layer = 0; layer < m_network.target().layers; ++layer) {
        if (stop.stop_requested()) return {};
        self.layer = cross.layer = layer;
        hidden = m_network.targetLayer(layer, hidden, encoded, self.attend, cross.attend);
    }
    return stop.stop_requested() ? at::Tensor() : hidden;
}

}  // namespace attnviz
