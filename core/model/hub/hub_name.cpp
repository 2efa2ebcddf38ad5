#include "core/model/hub/hub_name.h"

#include <algorithm>

namespace attnviz {
namespace {

constexpr std::size_t kPartLimit = 96, kRevisionLimit = 200;
constexpr std::string_view kFolderPrefix = "models--";

bool isWordCharacter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

Error notAName(std::string_view text, const std::string& why) {
    return badInput("'" + std::string(text) + "' is no model name: " + why, {},
                    "A name is name, org/name or org/name@revision.");
}

Result<void> checkRepository(std::string_view text) {
    std::string_view rest = text;
    for (int parts = 0;; ++parts) {
        const auto slash = rest.find('/');
        const auto part = rest.substr(0, slash);
        if (parts == 2) return notAName(text, "it has more than two parts");
        if (part.empty() || part.size() > kPartLimit) return notAName(text, "a part has 1 to 96 characters");
        for (const char c : part)
            if (!isWordCharacter(c) && c != '-' && c != '.')
                return notAName(text, "it may hold letters, digits, '-', '_' and '.'");
        if (!isWordCharacter(part.front()) || !isWordCharacter(part.back()))
            return notAName(text, "a part begins and ends with a letter, a digit or '_'");
        if (slash == std::string_view::npos) break;
        rest.remove_prefix(slash + 1);
    }
    if (text.find("--") != std::string_view::npos || text.find("..") != std::string_view::npos)
        return notAName(text, "it may not hold '--' or '..'");
    if (text.ends_with(".git")) return notAName(text, "it may not end in '.git'");
    return {};
}

// What git-check-ref-format allows; each part is also a folder of the cache.
bool isRevision(std::string_view text) {
    if (text.empty() || text.size() > kRevisionLimit || text.find("..") != std::string_view::npos ||
        text.find("@{") != std::string_view::npos)
        return false;
    for (const char c : text)
        if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f' ||
            std::string_view("~^:?*[\\\"'<>|").find(c) != std::string_view::npos)
            return false;
    for (std::size_t at = 0; at <= text.size();) {
        const auto end = std::min(text.find('/', at), text.size());
        const auto part = text.substr(at, end - at);
        if (part.empty() || part.front() == '.' || part.back() == '.' || part.ends_with(".lock"))
            return false;
        at = end + 1;
    }
    return true;
}

}  // namespace

std::string HubName::text() const {
    return revision == "main" ? repository : repository + "@" + revision;
}

std::string HubName::folderName() const {
    std::string name(kFolderPrefix);
    for (const char c : repository)
        if (c == '/')
            name += "--";
        else
            name += c;
    return name;
}

Result<HubName> parseHubName(std::string_view text) {
    HubName name;
    const auto at = text.find('@');
    name.repository = text.substr(0, at);
    if (auto checked = checkRepository(name.repository); !checked) return checked.error();
    if (at == std::string_view::npos) return name;
    name.revision = text.substr(at + 1);
    if (!isRevision(name.revision))
        return badInput("'" + name.revision + "' is no revision", name.repository,
                        "A revision is a branch, a tag or a commit: org/name@main.");
    return name;
}

Result<std::string> repositoryOfFolder(std::string_view folderName) {
    if (!folderName.starts_with(kFolderPrefix)) return notAName(folderName, "it holds no model");
    std::string repository(folderName.substr(kFolderPrefix.size()));
    if (const auto dashes = repository.find("--"); dashes != std::string::npos)
        repository.replace(dashes, 2, "/");
    if (auto checked = checkRepository(repository); !checked) return checked.error();
    return repository;
}

bool isCommitHash(std::string_view text) {
    return text.size() == 40 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

bool isPlainName(std::string_view text) {
    if (text.empty() || text.size() > kRevisionLimit || text == "." || text == "..") return false;
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return isWordCharacter(c) || c == '-' || c == '.'; });
}

}  // namespace attnviz
