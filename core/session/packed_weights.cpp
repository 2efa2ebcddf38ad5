#include "core/session/packed_weights.h"

#include <bit>

#include "core/base/base64.h"

namespace attnviz {

static_assert(std::endian::native == std::endian::little, "sessions are little-endian");

bool readPacked(JsonScanner& scanner, std::span<std::byte> out, const std::string& what) {
    std::string_view raw;
    if (scanner.peek() != JsonKind::string) return scanner.fail(what + " is not a base64 string");
    if (!scanner.skip(&raw)) return false;
    std::string_view text = raw.substr(1, raw.size() - 2);
    std::string unescaped;
    if (text.find('\\') != std::string_view::npos) {  // some writers escape '/'
        JsonScanner again(raw, scanner.where());
        if (!again.readString(unescaped)) return scanner.fail(again.error().what);
        text = unescaped;
    }
    if (text.size() != base64Length(out.size()))
        return scanner.fail(what + " has " + std::to_string(text.size()) +
                            " characters of base64, its shape wants " +
                            std::to_string(base64Length(out.size())));
    return decodeBase64(text, out) || scanner.fail(what + " is not valid base64");
}

Result<WeightBlock> readPackedWeights(JsonScanner scanner, const AttentionEntry& entry, int queries, int keys,
                                      std::stop_token stop) {
    const bool half = entry.encoding == SessionEncoding::float16;
    const std::int64_t bytesEach = half ? 2 : 4;
    if (auto checked = checkShape(entry.layers, entry.heads, queries, keys, bytesEach, scanner.where());
        !checked)
        return checked.error();
    WeightBlock block{static_cast<int>(entry.heads), queries, keys, {}};
    // A layer's text is longer than its bytes, so what the file cannot hold is refused before it is taken.
    if (block.cells() * static_cast<std::size_t>(bytesEach) > scanner.size()) {
        scanner.fail("the " + std::string(attentionKindName(entry.kind)) + " attention's shape wants " +
                     std::to_string(block.cells() * static_cast<std::size_t>(bytesEach)) +
                     " bytes a layer, the whole file has " + std::to_string(scanner.size()));
        return scanner.error();
    }
    if (!scanner.enterArray()) return scanner.error();
    while (scanner.nextItem()) {
        if (stop.stop_requested()) return cancelled();
        const std::string what = "layer " + std::to_string(block.layers.size());
        if (static_cast<std::int64_t>(block.layers.size()) == entry.layers) {
            scanner.fail("\"data\" has more layers than the " + std::to_string(entry.layers) + " declared");
            return scanner.error();
        }
        auto layer = std::make_shared<DenseLayer>();
        std::span<std::byte> bytes;
        if (half) {
            layer->halves.resize(block.cells());
            bytes = std::as_writable_bytes(std::span(layer->halves));
        } else {
            layer->floats.resize(block.cells());
            bytes = std::as_writable_bytes(std::span(layer->floats));
        }
        if (!readPacked(scanner, bytes, what)) return scanner.error();
        block.layers.push_back(std::move(layer));
    }
    if (!scanner.failed() && static_cast<std::int64_t>(block.layers.size()) != entry.layers)
        scanner.fail("\"data\" has " + std::to_string(block.layers.size()) + " layers, declared are " +
                     std::to_string(entry.layers));
    if (scanner.failed()) return scanner.error();
    return block;
}

}  // namespace attnviz
