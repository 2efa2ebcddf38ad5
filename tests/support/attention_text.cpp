#include "tests/support/attention_text.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <random>
#include <sstream>

#include "core/attention/dense_attention.h"

namespace attnviz::test {
namespace {

using Matrix = std::vector<std::vector<std::string>>;

std::vector<std::vector<Matrix>> parse(std::string_view text) {
    std::vector<std::vector<Matrix>> layers{{Matrix{}}};
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::vector<std::string> row;
        for (std::string word; words >> word;) row.push_back(word);
        if (row.empty()) continue;
        if (row.front() == "=")
            layers.push_back({Matrix{}});
        else if (row.front() == "-")
            layers.back().emplace_back();
        else
            layers.back().back().push_back(std::move(row));
    }
    return layers;
}

bool looksCausal(const std::vector<std::vector<Matrix>>& layers) {
    for (const auto& heads : layers)
        for (const auto& matrix : heads)
            for (std::size_t query = 0; query < matrix.size(); ++query) {
                if (matrix[query].size() != matrix.size()) return false;
                for (std::size_t key = query + 1; key < matrix.size(); ++key)
                    if (matrix[query][key] != ".") return false;
            }
    return layers.front().front().size() > 1;
}

std::shared_ptr<const AttentionRun> wrap(std::shared_ptr<const AttentionSource> source,
                                         std::vector<std::string> tokens) {
    auto run = std::make_shared<AttentionRun>();
    run->model.name = "toy";
    std::string text;
    for (int i = 0; i < source->info().keys; ++i) {
        Token token;
        token.id = i;
        token.text = static_cast<std::size_t>(i) < tokens.size() ? tokens[static_cast<std::size_t>(i)]
                                                                 : "t" + std::to_string(i);
        token.piece = token.text;
        token.begin = text.size();
        text += token.text;
        token.end = text.size();
        run->input.tokens.push_back(std::move(token));
    }
    run->input.texts = {text};
    run->sources = {std::move(source)};
    return run;
}

}  // namespace

std::shared_ptr<const AttentionSource> attentionFromText(std::string_view text) {
    const auto parsed = parse(text);
    AttentionInfo info;
    info.layers = static_cast<int>(parsed.size());
    info.heads = info.keyValueHeads = static_cast<int>(parsed.front().size());
    info.queries = static_cast<int>(parsed.front().front().size());
    info.keys = static_cast<int>(parsed.front().front().front().size());
    const bool causal = looksCausal(parsed);
    info.kind = causal                      ? AttentionKind::decoder
                : info.queries == info.keys ? AttentionKind::encoder
                                            : AttentionKind::cross;
    info.visibility = Visibility(info.queries, info.keys).setCausal(causal);
    std::vector<std::shared_ptr<const DenseLayer>> layers;
    for (const auto& heads : parsed) {
        auto layer = std::make_shared<DenseLayer>();
        for (const auto& matrix : heads)
            for (const auto& row : matrix)
                for (const auto& word : row) layer->floats.push_back(word == "." ? 0.0F : std::stof(word));
        layers.push_back(std::move(layer));
    }
    return DenseAttention::create(std::move(info), std::move(layers));
}

std::shared_ptr<const AttentionRun> runFromText(std::string_view text, std::vector<std::string> tokens) {
    return wrap(attentionFromText(text), std::move(tokens));
}

std::shared_ptr<const AttentionRun> randomRun(int layerCount, int heads, int tokens, bool causal,
                                              unsigned seed, std::vector<int> maskedKeys) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.0F, 2.0F);
    AttentionInfo info;
    info.kind = causal ? AttentionKind::decoder : AttentionKind::encoder;
    info.layers = layerCount;
    info.heads = info.keyValueHeads = heads;
    info.queries = info.keys = tokens;
    info.visibility = Visibility(tokens, tokens).setCausal(causal).setMaskedKeys(std::move(maskedKeys));
    std::vector<std::shared_ptr<const DenseLayer>> layers;
    for (int l = 0; l < layerCount; ++l) {
        auto layer = std::make_shared<DenseLayer>();
        layer->floats.assign(static_cast<std::size_t>(heads) * tokens * tokens, 0.0F);
        for (int row = 0; row < heads * tokens; ++row) {
            float* weights = layer->floats.data() + static_cast<std::size_t>(row) * tokens;
            double sum = 0;
            for (int key = 0; key < tokens; ++key) {
                if (!info.visibility.sees(l, row % tokens, key)) continue;
                weights[key] = std::exp(normal(random));
                sum += weights[key];
            }
            for (int key = 0; key < tokens && sum > 0; ++key)
                weights[key] = static_cast<float>(weights[key] / sum);
        }
        layers.push_back(std::move(layer));
    }
    return wrap(DenseAttention::create(std::move(info), std::move(layers)), {});
}

std::string toText(const std::vector<float>& matrix, int columns) {
    std::string out;
    for (std::size_t i = 0; i < matrix.size(); ++i) {
        std::array<char, 32> buffer{};
        std::snprintf(buffer.data(), buffer.size(), "%.2f", static_cast<double>(matrix[i]));
        std::string cell = buffer.data();
        while (cell.back() == '0') cell.pop_back();
        if (cell.back() == '.') cell.pop_back();
        if (cell == "0")
            cell = ".";
        else if (cell.starts_with("0."))
            cell.erase(0, 1);
        out += cell + ((i + 1) % static_cast<std::size_t>(columns) == 0 ? "\n" : " ");
    }
    return out;
}

}  // namespace attnviz::test
