#include "core/analysis/flow_path.h"

#include <algorithm>

#include "core/analysis/layer_pass.h"

namespace attnviz {
namespace {

constexpr int kBlock = 64;

// s_(l-1) of s_l. Blocks add up in their order, whichever thread was first.
Result<std::vector<double>> below(const AttentionSource& source, int layer, const LinkOptions& keep,
                                  const std::vector<double>& above, const std::stop_token& stop) {
    const int queries = source.info().queries, blocks = (queries + kBlock - 1) / kBlock;
    const auto keys = static_cast<std::size_t>(source.info().keys);
    std::vector<std::vector<double>> parts(static_cast<std::size_t>(blocks));
    const auto read = [&](int block, std::stop_token inner) -> Result<void> {
        std::vector<int> wanted;
        for (int query = block * kBlock; query < std::min(queries, (block + 1) * kBlock); ++query)
            if (above[static_cast<std::size_t>(query)] > 0) wanted.push_back(query);
        if (wanted.empty()) return {};
        auto& part = parts[static_cast<std::size_t>(block)];
        part.assign(keys, 0.0);
        return eachFlowRow(source, layer, wanted, keep, inner, [&](int query, const FlowRow& row) {
            const double share = above[static_cast<std::size_t>(query)];
            if (keep.residual) {
                for (std::size_t key = 0; key < keys; ++key) part[key] += share * row.weights[key];
            } else {
                for (const int key : row.kept) {
                    const auto at = static_cast<std::size_t>(key);
                    part[at] += share * row.weights[at] / row.keptSum;
                }
            }
        });
    };
    if (auto done = inParallel(blocks, kBlock, "", {}, stop, read); !done) return done.error();
    std::vector<double> out(keys, 0.0);
    for (const auto& part : parts)
        for (std::size_t key = 0; key < part.size(); ++key) out[key] += part[key];
    return out;
}

}  // namespace

Result<FlowPathOptions> checkedFlowPath(const AttentionSource& source, FlowPathOptions options) {
    if (!source.info().square())
        return unsupported("flow over layers follows one text, and cross attention joins two", {},
                           "Look at one layer, or choose the encoder's or the decoder's own attention");
    if (options.lastLayer < 0) options.lastLayer = std::min(source.info().layers, source.layersReady()) - 1;
    if (options.firstLayer > options.lastLayer || options.firstLayer < 0)
        return badInput("flow cannot go from layer " + std::to_string(options.lastLayer) + " down to layer " +
                            std::to_string(options.firstLayer),
                        {}, "Choose a last layer that is not below the first one");
    return options;
}

Result<std::vector<std::vector<double>>> flowShares(const AttentionSource& source,
                                                    const FlowPathOptions& asked,
                                                    const ProgressSink& progress, std::stop_token stop) {
    const auto options = checkedFlowPath(source, asked);
    if (!options) return options.error();
    const int layers = options->lastLayer - options->firstLayer + 1;
    std::vector<std::vector<double>> shares(static_cast<std::size_t>(layers) + 1);
    auto& start = shares.back();
    start.assign(static_cast<std::size_t>(source.info().queries), 0.0);
    for (const int query : options->start)
        start[static_cast<std::size_t>(query)] += 1.0 / static_cast<double>(options->start.size());
    for (int layer = options->lastLayer; layer >= options->firstLayer; --layer) {
        const auto at = static_cast<std::size_t>(layer - options->firstLayer);
        LinkOptions keep = options->keep;
        if (const auto chosen = options->heads.find(layer); chosen != options->heads.end())
            keep.heads = chosen->second;
        auto next = below(source, layer, keep, shares[at + 1], stop);
        if (!next) return next.error();
        shares[at] = *std::move(next);
        const int done = options->lastLayer - layer + 1;
        if (progress)
            progress({"Following layer " + std::to_string(done) + " of " + std::to_string(layers),
                      static_cast<double>(done) / layers});
    }
    return shares;
}

}  // namespace attnviz
