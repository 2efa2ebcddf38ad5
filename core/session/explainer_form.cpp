// Recordings of Transformer Explainer: an object whose "outputs" hold one map a head,
// "block_L_attn_head_H_attn_softmax", with "data" (nested or flat lists, or an object with numeric keys) and
// "dims".
#include <algorithm>
#include <charconv>
#include <map>

#include "core/session/foreign_labels.h"
#include "core/session/session_forms.h"

namespace attnviz {
namespace {

struct HeadMap {
    std::vector<std::int64_t> dims;
    std::string_view data;  // raw
};

bool number(std::string_view& text, int& out) {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
    if (parsed.ec != std::errc() || out < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    return true;
}

bool take(std::string_view& text, std::string_view what) {
    if (!text.starts_with(what)) return false;
    text.remove_prefix(what.size());
    return true;
}

std::optional<HeadId> headOf(std::string_view key) {
    HeadId head;
    const bool known = take(key, "block_") && number(key, head.layer) && take(key, "_attn_head_") &&
                       number(key, head.head) && key == "_attn_softmax";
    if (!known) return std::nullopt;
    return head;
}

bool claims(const OpenedFile& file) {
    if (!file.json || !file.json->isObject) return false;
    const JsonMember* outputs = file.json->find("outputs");
    return outputs && outputs->raw.starts_with('{') &&
           outputs->raw.find("_attn_softmax\"") != std::string_view::npos;
}

bool readHead(JsonScanner& scanner, HeadMap& map) {
    std::string key;
    if (!scanner.enterObject()) return false;
    while (scanner.nextMember(key)) {
        if (key == "data") {
            if (!scanner.skip(&map.data)) return false;
        } else if (key == "dims" && scanner.peek() == JsonKind::array) {
            if (!scanner.enterArray()) return false;
            while (scanner.nextItem())
                if (map.dims.size() == 8 || !scanner.readInteger(map.dims.emplace_back()))
                    return scanner.fail("more than eight \"dims\"");
        } else if (!scanner.skip()) {
            return false;
        }
    }
    return !scanner.failed() && (!map.data.empty() || scanner.fail("the map that ends here has no \"data\""));
}

// {"0": 1, "1": 0.5, …}: JavaScript's typed arrays, as JSON writes them. Keys come in order.
bool readNumbered(JsonScanner& scanner, std::vector<float>& out) {
    std::string key;
    if (!scanner.enterObject()) return false;
    while (scanner.nextMember(key)) {
        if (key != std::to_string(out.size()))
            return scanner.fail("\"" + std::to_string(out.size()) + "\" is expected as the next key");
        double value = 0;
        if (!scanner.readNumber(value)) return false;
        out.push_back(static_cast<float>(value));
    }
    return !scanner.failed();
}

// One head's weights, appended to its layer; `size` is set by the first and checked against the others.
Result<void> appendMap(JsonScanner scanner, const HeadMap& map, const std::string& name, std::int64_t& size,
                       std::vector<float>& out, std::stop_token stop) {
    std::vector<float> weights;
    std::vector<std::int64_t> dims = map.dims;
    int lists = 0;
    scanner.peekBelowLists(lists);
    if (lists >= 2) {
        auto block = readNestedWeights(scanner, {0, std::move(stop), nullptr});
        if (!block) return block.error();
        if (block->layers.size() != 1 || block->heads != 1)
            return badInput(name + " holds more than one map", scanner.where());
        weights = std::move(block->layers.front()->floats);
        if (dims.empty()) dims = {block->queries, block->keys};
    } else if (!(lists == 1 ? scanner.readFloats(weights) : readNumbered(scanner, weights))) {
        return scanner.error();
    }
    std::erase(dims, 1);  // batch axes; a map of a single token is 1 x 1
    if (dims.empty()) dims = {1, 1};
    const auto cells = dims.size() == 2 ? checkedProduct({dims[0], dims[1]}) : std::nullopt;
    if (!cells || dims[0] != dims[1])
        return badInput(name + " is no square map by its \"dims\"", scanner.where());
    if (*cells != static_cast<std::int64_t>(weights.size()))
        return badInput(name + " has " + std::to_string(weights.size()) + " weights, its \"dims\" want " +
                            std::to_string(*cells),
                        scanner.where());
    if (size != 0 && dims[0] != size)
        return badInput(name + " is over " + std::to_string(dims[0]) + " tokens, the maps before over " +
                            std::to_string(size),
                        scanner.where());
    size = dims[0];
    out.insert(out.end(), weights.begin(), weights.end());
    return {};
}

Result<std::map<HeadId, HeadMap>> headsIn(const JsonOutline& outline) {
    std::map<HeadId, HeadMap> heads;
    JsonScanner scanner = outline.scannerAt(outline.find("outputs")->raw);
    std::string key;
    scanner.enterObject();
    while (scanner.nextMember(key)) {
        const auto head = headOf(key);
        if (!head) {
            if (!scanner.skip()) break;
            continue;
        }
        if (static_cast<std::int64_t>(heads.size()) >= kMostMaps)
            scanner.fail("more maps than any model has heads");
        if (!readHead(scanner, heads[*head])) break;
    }
    if (scanner.failed()) return scanner.error();
    return heads;
}

// What the model predicted at the end; left out where it is not as expected.
std::vector<Prediction> predictionsIn(const JsonOutline& outline, int position) {
    constexpr std::size_t kMost = 10;
    const JsonMember* member = outline.find("probabilities");
    Prediction prediction{position, {}};
    if (!member) return {};
    JsonScanner scanner = outline.scannerAt(member->raw);
    std::string key;
    if (!scanner.enterArray()) return {};
    while (prediction.top.size() < kMost && scanner.nextItem()) {
        PredictedToken token;
        if (!scanner.enterObject()) return {};
        while (scanner.nextMember(key)) {
            const bool read = key == "tokenId"       ? scanner.readInteger(token.id)
                              : key == "token"       ? scanner.readString(token.text)
                              : key == "probability" ? scanner.readNumber(token.probability)
                                                     : scanner.skip();
            if (!read) return {};
        }
        if (scanner.failed()) return {};
        if (token.probability > 0) prediction.top.push_back(std::move(token));
    }
    if (prediction.top.empty()) return {};
    return {std::move(prediction)};
}

Result<Session> read(OpenedFile& file) {
    const JsonOutline& outline = *file.json;
    auto heads = headsIn(outline);
    if (!heads) return heads.error();
    if (heads->empty()) return badInput("\"outputs\" hold no softmax of a head", outline.where);
    const int layers = heads->rbegin()->first.layer + 1;
    int headCount = 0;
    for (const auto& entry : *heads) headCount = std::max(headCount, entry.first.head + 1);
    if (auto sane = checkShape(layers, headCount, 1, 1, 4, outline.where); !sane) return sane.error();
    WeightBlock block;
    std::int64_t size = 0;
    for (int layer = 0; layer < layers; ++layer) {
        auto weights = std::make_shared<DenseLayer>();
        for (int head = 0; head < headCount; ++head) {
            if (file.stop.stop_requested()) return cancelled();
            const std::string name =
                "block_" + std::to_string(layer) + "_attn_head_" + std::to_string(head) + "_attn_softmax";
            const auto found = heads->find({layer, head});
            if (found == heads->end())
                return badInput("\"" + name + "\" is missing; the others make " + std::to_string(layers) +
                                    " layers of " + std::to_string(headCount) + " heads",
                                outline.where);
            const HeadMap& map = found->second;
            if (auto read =
                    appendMap(outline.scannerAt(map.data), map, name, size, weights->floats, file.stop);
                !read)
                return read.error();
        }
        block.layers.push_back(std::move(weights));
    }
    block.heads = headCount;
    block.queries = block.keys = static_cast<int>(size);
    if (auto sane = checkShape(layers, headCount, size, size, 0, outline.where); !sane) return sane.error();

    ForeignRun foreign;
    foreign.where = outline.where;
    foreign.predictions = predictionsIn(outline, block.queries - 1);
    foreign.maps.push_back({std::nullopt, std::move(block)});
    for (const auto key : {"tokens", "tokenIds"}) {
        const JsonMember* member = outline.find(key);
        if (!member || !member->raw.starts_with('[')) continue;
        JsonScanner scanner = outline.scannerAt(member->raw);
        if (!readForeignTokens(scanner, foreign.keys)) return scanner.error();
    }
    std::string prompt;
    if (const JsonMember* member = outline.find("prompt");
        member && outline.scannerAt(member->raw).readString(prompt))
        foreign.keys.text = std::move(prompt);
    return foreignSession(std::move(foreign), file.stop);
}

}  // namespace

extern const SessionForm kExplainerForm{"Transformer Explainer recording", &claims, &read};

}  // namespace attnviz
