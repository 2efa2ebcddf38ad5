#include "core/exporting/selected_attention.h"

#include <algorithm>
#include <numeric>

#include "core/attention/filtered_attention.h"

namespace attnviz {
namespace {

std::vector<int> everyOne(int count) {
    std::vector<int> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

// Those of `asked` that exist; all where nothing was asked for. Order and repetitions are the asker's.
std::vector<int> present(const std::vector<int>& asked, int count) {
    if (asked.empty()) return everyOne(count);
    std::vector<int> found;
    for (const int index : asked)
        if (index >= 0 && index < count) found.push_back(index);
    return found;
}

Result<void> checkAsked(const std::vector<int>& asked, int count, const char* what) {
    for (const int index : asked) {
        if (index >= 0 && index < count) continue;
        return badInput("there is no " + std::string(what) + ' ' + std::to_string(index), {},
                        "Choose from 0 to " + std::to_string(count - 1) + ".");
    }
    return {};
}

std::string listed(const std::vector<int>& numbers) {
    std::string text;
    for (const int number : numbers) text += (text.empty() ? "" : ", ") + std::to_string(number);
    return text;
}

// The filter that joins tokens to words, if there is one.
const FilteredAttention* wordFilter(const AttentionSource& source) {
    if (const auto* selected = dynamic_cast<const SelectedAttention*>(&source))
        return wordFilter(selected->below());
    const auto* filter = dynamic_cast<const FilteredAttention*>(&source);
    return filter && filter->settings().words ? filter : nullptr;
}

AxisLabel labelOf(const TokenizedText& text, KeyRange unit) {
    AxisLabel label{{}, true};
    for (int i = unit.begin; i < unit.end; ++i) {
        const Token& token = text.tokens[static_cast<std::size_t>(i)];
        // Special tokens have no place in the text, but a name.
        label.text += token.text.empty() ? token.piece : token.text;
        label.special = label.special && token.special;
    }
    return label;
}

std::vector<AxisLabel> labels(const TokenizedText& text, int count, const std::vector<KeyRange>* units) {
    const auto size = static_cast<std::size_t>(count);
    std::vector<AxisLabel> out;
    out.reserve(size);
    const bool words = units && units->size() == size;
    const bool tokens = text.tokens.size() == size;
    for (int i = 0; i < count; ++i) {
        if (words)
            out.push_back(labelOf(text, (*units)[static_cast<std::size_t>(i)]));
        else if (tokens)
            out.push_back(labelOf(text, {i, i + 1}));
        else
            out.push_back({std::to_string(i), false});
    }
    return out;
}

}  // namespace

SelectedAttention::SelectedAttention(std::shared_ptr<const AttentionSource> source, std::vector<int> layers,
                                     std::vector<int> heads)
    : m_source(std::move(source)),
      m_layers(std::move(layers)),
      m_heads(std::move(heads)),
      m_info(m_source->info()) {
    m_info.layers = static_cast<int>(m_layers.size());
    m_info.heads = static_cast<int>(m_heads.size());
    m_info.keyValueHeads = std::min(m_info.keyValueHeads, m_info.heads);
    const auto& windows = m_source->info().visibility.windows();
    if (!windows.empty()) {
        std::vector<Window> chosen;
        for (const int layer : m_layers)
            chosen.push_back(windows[std::min(static_cast<std::size_t>(layer), windows.size() - 1)]);
        m_info.visibility.setWindows(std::move(chosen));
    }
}

// Layers from the first on whose source is there.
int SelectedAttention::layersReady() const {
    const int below = m_source->layersReady();
    const auto missing =
        std::find_if(m_layers.begin(), m_layers.end(), [&](int layer) { return layer >= below; });
    return static_cast<int>(missing - m_layers.begin());
}

std::shared_ptr<const AttentionSource> ExportedSource::headsOnly() const {
    const AttentionInfo& info = below->info();
    if (heads == everyOne(info.heads)) return below;
    return std::make_shared<SelectedAttention>(below, everyOne(info.layers), heads);
}

Result<std::vector<ExportedSource>> exportedSources(const ExportRequest& request) {
    const auto& sources = request.sources.empty() ? request.session.run->sources : request.sources;
    int layers = 0, heads = 0;
    for (const auto& source : sources) {
        layers = std::max(layers, source->info().layers);
        // The choice of heads was made before they were combined.
        if (source->info().combined.empty()) heads = std::max(heads, source->info().heads);
    }
    if (auto checked = checkAsked(request.layers, layers, "layer"); !checked) return checked.error();
    if (heads > 0)
        if (auto checked = checkAsked(request.heads, heads, "head"); !checked) return checked.error();

    std::vector<ExportedSource> out;
    for (const auto& source : sources) {
        const AttentionInfo& info = source->info();
        ExportedSource exported;
        exported.headsHaveNumbers = info.combined.empty();
        exported.layers = present(request.layers, info.layers);
        exported.heads =
            exported.headsHaveNumbers ? present(request.heads, info.heads) : everyOne(info.heads);
        if (exported.layers.empty() || exported.heads.empty()) continue;
        for (const int layer : exported.layers) {
            if (layer < source->layersReady()) continue;
            return badInput("layer " + std::to_string(layer) + " is not computed yet", {},
                            "Wait until the run has ended, or choose finished layers.");
        }
        exported.selection =
            exported.layers != everyOne(info.layers) || exported.heads != everyOne(info.heads);
        exported.below = source;
        exported.source = exported.selection
                              ? std::make_shared<SelectedAttention>(source, exported.layers, exported.heads)
                              : source;
        out.push_back(std::move(exported));
    }
    if (out.empty())
        return badInput("no attention has both the chosen layers and heads", {}, "Choose others.");
    return out;
}

std::string selectionSentence(const ExportRequest& request, const std::vector<ExportedSource>& sources) {
    if (std::none_of(sources.begin(), sources.end(), [](const ExportedSource& one) { return one.selection; }))
        return {};
    const auto& whole =
        (request.sources.empty() ? request.session.run->sources : request.sources).front()->info();
    const auto& first = sources.front();
    return "layers " + listed(first.layers) + " of " + std::to_string(whole.layers) + ", heads " +
           listed(first.heads) + " of " + std::to_string(whole.heads);
}

bool showsWords(const AttentionSource& source) {
    return wordFilter(source) != nullptr;
}

std::vector<AxisLabel> queryLabels(const AttentionRun& run, const AttentionSource& source) {
    const auto* words = wordFilter(source);
    return labels(run.queriesOf(source), source.info().queries,
                  words ? &words->tokens().queryUnits : nullptr);
}

std::vector<AxisLabel> keyLabels(const AttentionRun& run, const AttentionSource& source) {
    const auto* words = wordFilter(source);
    return labels(run.keysOf(source), source.info().keys, words ? &words->tokens().keyUnits : nullptr);
}

}  // namespace attnviz
