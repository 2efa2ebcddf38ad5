#include "core/model/hub/hub_settings.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace attnviz {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultEndpoint = "https://huggingface.co";
constexpr std::size_t kTokenLimitBytes = 4096;
constexpr int kLongestTimeoutSeconds = 24 * 3600;

bool isWordCharacter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// os.path.expanduser: "~" and "~name" at the beginning.
std::string expandUser(const std::string& path, const Variables& variables) {
    if (path.empty() || path[0] != '~') return path;
    const auto slash = std::min(path.find('/'), path.size());
    std::string home;
    if (slash == 1) {
        if (const auto given = variables("HOME"))
            home = *given;
        else if (const passwd* entry = ::getpwuid(::getuid()))
            home = entry->pw_dir;
        else
            return path;
    } else {
        const passwd* entry = ::getpwnam(path.substr(1, slash - 1).c_str());
        if (!entry) return path;
        home = entry->pw_dir;
    }
    while (home.ends_with('/')) home.pop_back();
    home += path.substr(slash);
    return home.empty() ? "/" : home;
}

// os.path.expandvars: "$NAME" and "${NAME}"; what is not set stays as it stands.
std::string expandVariables(const std::string& path, const Variables& variables) {
    std::string out;
    for (std::size_t at = 0; at < path.size();) {
        std::size_t end = at + 1;
        std::string name;
        if (path[at] == '$' && end < path.size() && path[end] == '{') {
            const auto brace = path.find('}', end);
            if (brace != std::string::npos) {
                name = path.substr(end + 1, brace - end - 1);
                end = brace + 1;
            }
        } else if (path[at] == '$') {
            while (end < path.size() && isWordCharacter(path[end])) ++end;
            name = path.substr(at + 1, end - at - 1);
        }
        const auto value = name.empty() ? std::nullopt : variables(name);
        out += value ? *value : path.substr(at, end - at);
        at = end;
    }
    return out;
}

std::string joined(const std::string& folder, const std::string& name) {
    if (folder.empty()) return name;
    return folder.ends_with('/') ? folder + name : folder + "/" + name;
}

bool isTrue(const std::optional<std::string>& value) {
    std::string upper = value.value_or("");
    for (char& c : upper)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return upper == "1" || upper == "ON" || upper == "YES" || upper == "TRUE";
}

// Seconds; what is no positive number leaves the default.
std::chrono::seconds secondsOr(const std::optional<std::string>& value, int fallback) {
    std::string text = value.value_or("");
    std::erase(text, ' ');
    int seconds = 0;
    const auto [next, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const bool usable = code == std::errc() && next == text.data() + text.size() && seconds > 0;
    return std::chrono::seconds(usable ? std::min(seconds, kLongestTimeoutSeconds) : fallback);
}

fs::path absolutePath(const std::string& path) {
    std::error_code failure;
    auto absolute = fs::absolute(path.empty() ? "." : path, failure).lexically_normal();
    if (absolute.filename().empty() && absolute.has_parent_path() && absolute != absolute.root_path())
        absolute = absolute.parent_path();
    return failure ? fs::path(path) : absolute;
}

}  // namespace

HubToken::HubToken(std::string text) : m_secret(std::move(text)) {
    std::erase(m_secret, '\r');
    std::erase(m_secret, '\n');
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f'; };
    while (!m_secret.empty() && blank(m_secret.back())) m_secret.pop_back();
    m_secret.erase(m_secret.begin(), std::find_if_not(m_secret.begin(), m_secret.end(), blank));
}

Result<std::string> HubToken::header() const {
    for (const char c : m_secret)
        if (c <= ' ' || c == '\x7f')
            return badInput("the Hugging Face token holds a blank or a control character", "HF_TOKEN",
                            "Copy it again, without anything around it.");
    return "Authorization: Bearer " + m_secret;
}

Variables processVariables() {
    return [](const std::string& name) -> std::optional<std::string> {
        if (const char* value = std::getenv(name.c_str())) return value;
        return std::nullopt;
    };
}

HubSettings hubSettings(const Variables& variables) {
    const auto expanded = [&](const std::string& path) {
        return expandVariables(expandUser(path, variables), variables);
    };
    HubSettings settings;
    const auto caches = variables("XDG_CACHE_HOME");
    const auto home = expanded(variables("HF_HOME").value_or(
        joined(caches ? *caches : joined(expandUser("~", variables), ".cache"), "huggingface")));
    const auto oldCache = variables("HUGGINGFACE_HUB_CACHE").value_or(joined(home, "hub"));
    settings.cache = absolutePath(expanded(variables("HF_HUB_CACHE").value_or(oldCache)));
    settings.tokenFile = expanded(variables("HF_TOKEN_PATH").value_or(joined(home, "token")));

    settings.endpoint = variables("HF_ENDPOINT").value_or("");
    while (settings.endpoint.ends_with('/')) settings.endpoint.pop_back();
    if (settings.endpoint.empty()) settings.endpoint = kDefaultEndpoint;

    // An empty HF_TOKEN gives way to the older name; one of blanks does not, and is none.
    auto token = variables("HF_TOKEN");
    if (!token || token->empty()) token = variables("HUGGING_FACE_HUB_TOKEN");
    settings.environmentToken = HubToken(token.value_or(""));
    settings.sendToken = !isTrue(variables("HF_HUB_DISABLE_IMPLICIT_TOKEN"));

    auto offline = variables("HF_HUB_OFFLINE");
    if (!offline || offline->empty()) offline = variables("TRANSFORMERS_OFFLINE");
    settings.offline = isTrue(offline);
    settings.links = !isTrue(variables("HF_HUB_DISABLE_SYMLINKS"));
    settings.answerTimeout = secondsOr(variables("HF_HUB_ETAG_TIMEOUT"), 10);
    settings.dataTimeout = secondsOr(variables("HF_HUB_DOWNLOAD_TIMEOUT"), 10);
    for (const char* name : {"HF_HUB_DISABLE_TELEMETRY", "DISABLE_TELEMETRY", "DO_NOT_TRACK"})
        settings.anonymous = settings.anonymous || isTrue(variables(name));
    return settings;
}

HubToken hubToken(const HubSettings& settings) {
    if (!settings.sendToken) return {};
    if (!settings.environmentToken.empty()) return settings.environmentToken;
    std::ifstream stream(settings.tokenFile, std::ios::binary);
    std::string text(kTokenLimitBytes, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(stream.gcount()));
    return HubToken(std::move(text));
}

}  // namespace attnviz
