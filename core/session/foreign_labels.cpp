#include "core/session/foreign_labels.h"

#include <string_view>

#include "core/base/mapped_file.h"
#include "core/base/readable.h"

namespace attnviz {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 20U;

bool readObject(JsonScanner& scanner, ForeignTokens& tokens) {
    std::string key, label;
    std::int64_t id = 0;
    bool hasLabel = false, hasId = false;
    if (!scanner.enterObject()) return false;
    while (scanner.nextMember(key)) {
        bool read = true;
        if (key == "text" || key == "token")
            read = hasLabel = scanner.readString(label);
        else if (key == "id" && scanner.peek() == JsonKind::number)
            read = hasId = scanner.readInteger(id);
        else
            read = scanner.skip();
        if (!read) return false;
    }
    if (scanner.failed()) return false;
    if (!hasLabel) return scanner.fail("the token that ends here has no \"text\"");
    tokens.labels.push_back(std::move(label));
    if (hasId) tokens.ids.push_back(id);
    return true;
}

std::string withoutSuffix(const std::filesystem::path& path) {
    std::filesystem::path stem = path.filename();
    if (stem.extension() == ".gz") stem = stem.stem();
    return stem.stem().string();
}

Result<ForeignTokens> readLines(const std::filesystem::path& path, std::string_view text) {
    ForeignTokens tokens;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (!isValidUtf8(text))
        return badInput("the text is not valid UTF-8", path.string(), "Save the file as UTF-8.");
    while (!text.empty()) {
        const auto end = text.find('\n');
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        tokens.labels.emplace_back(line);
        if (static_cast<std::int64_t>(tokens.labels.size()) > kMostTokens)
            return badInput("more than a million lines", path.string());
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return tokens;
}

Result<ForeignTokens> readJsonLabels(const std::filesystem::path& path, std::string_view text) {
    JsonScanner scanner(text, path.string());
    ForeignTokens tokens;
    if (!scanner.checkUtf8()) return scanner.error();
    if (scanner.peek() == JsonKind::object) {
        std::string key;
        if (!scanner.enterObject()) return scanner.error();
        while (scanner.nextMember(key))
            if (!(key == "tokens" ? readForeignTokens(scanner, tokens) : scanner.skip()))
                return scanner.error();
    } else if (!readForeignTokens(scanner, tokens)) {
        return scanner.error();
    }
    if (scanner.failed() || !scanner.finish()) return scanner.error();
    return tokens;
}

}  // namespace

bool readForeignTokens(JsonScanner& scanner, ForeignTokens& tokens) {
    int lists = 0;
    scanner.peekBelowLists(lists);
    if (lists == 2) {  // a batch of one
        if (!scanner.enterArray() || !scanner.nextItem() || !readForeignTokens(scanner, tokens)) return false;
        if (scanner.nextItem()) return scanner.fail("a batch of more than one text");
        return !scanner.failed();
    }
    if (!scanner.enterArray()) return false;
    for (std::int64_t count = 0; scanner.nextItem(); ++count) {
        if (count >= kMostTokens) return scanner.fail("more than a million tokens");
        bool read = false;
        switch (scanner.peek()) {
            case JsonKind::object:
                read = readObject(scanner, tokens);
                break;
            case JsonKind::number:
                read = scanner.readInteger(tokens.ids.emplace_back());
                break;
            default:
                read = scanner.readString(tokens.labels.emplace_back());
        }
        if (!read) return false;
    }
    if (scanner.failed()) return false;
    if (!tokens.labels.empty() && !tokens.ids.empty() && tokens.labels.size() != tokens.ids.size())
        return scanner.fail("some of the tokens are texts and some are numbers");
    return true;
}

Result<ForeignTokens> tokensBeside(const std::filesystem::path& path) {
    const std::string stem = withoutSuffix(path);
    for (const char* suffix : {".tokens.txt", ".tokens.json"}) {
        const auto beside = path.parent_path() / (stem + suffix);
        std::error_code ignored;
        if (!std::filesystem::is_regular_file(beside, ignored)) continue;
        auto file = MappedFile::open(beside);
        if (!file) return file.error();
        const auto bytes = (*file)->bytes();
        if (bytes.size() > kMostBytes)
            return badInput("the file has " + readableBytes(static_cast<std::int64_t>(bytes.size())) +
                                ", too many for labels",
                            beside.string());
        const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return std::string_view(suffix).ends_with("txt") ? readLines(beside, text)
                                                         : readJsonLabels(beside, text);
    }
    return ForeignTokens();
}

}  // namespace attnviz
