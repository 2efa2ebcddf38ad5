#include "core/model/hub/hub_connection.h"

#include <algorithm>
#include <charconv>

#include "core/model/hub/blob_hash.h"
#include "core/model/hub/file_lock.h"

namespace attnviz {
namespace {

constexpr int kAttempts = 6, kRedirects = 10;
constexpr std::chrono::seconds kLongestPause{120};
constexpr std::chrono::milliseconds kLongestOwnPause{8000};

std::string userAgent(const HubSettings& settings) {
    return settings.anonymous ? "attention-viz" : std::string("attention-viz/") + ATTNVIZ_VERSION;
}

std::optional<std::int64_t> wholeNumber(std::string_view text) {
    std::int64_t number = 0;
    const auto [next, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc() || next != text.data() + text.size() || number < 0) return std::nullopt;
    return number;
}

// W/"0123…" and "0123…" are 0123….
std::string unquoted(std::string tag) {
    if (tag.starts_with("W/")) tag.erase(0, 2);
    while (tag.starts_with('"')) tag.erase(0, 1);
    while (tag.ends_with('"')) tag.pop_back();
    return tag;
}

// The hub's own word for how long to wait: Retry-After: 30, or RateLimit: "api";r=0;t=30.
std::optional<std::int64_t> askedSeconds(const HttpAnswer& answer) {
    if (const auto* limit = answer.header("ratelimit"); limit && answer.status == 429) {
        std::string text = *limit;
        std::erase(text, ' ');
        const auto at = text.find(";t=");
        if (at != std::string::npos && text.find(";r=0;") != std::string::npos) {
            const auto end = text.find_first_not_of("0123456789", at + 3);
            if (const auto seconds = wholeNumber(text.substr(at + 3, end - at - 3))) return *seconds + 1;
        }
    }
    if (const auto* after = answer.header("retry-after"))
        if (const auto seconds = wholeNumber(*after)) return *seconds;
    return std::nullopt;
}

Error networkError(std::string what, std::string where, std::string hint) {
    return {ErrorKind::network, std::move(what), std::move(where), std::move(hint)};
}

}  // namespace

HubConnection::HubConnection(const HubSettings& settings, ProgressSink progress)
    : m_settings(settings),
      m_progress(std::move(progress)),
      m_token(hubToken(settings)),
      m_origin(originOf(settings.endpoint)),
      m_client(userAgent(settings)) {}

Result<std::vector<std::string>> HubConnection::headersFor(const std::string& address,
                                                           std::vector<std::string> headers) const {
    headers.emplace_back("Accept-Encoding: identity");
    if (m_token.empty() || m_origin.empty() || originOf(address) != m_origin) return headers;
    auto secret = m_token.header();
    if (!secret) return secret.error();
    headers.push_back(*std::move(secret));
    return headers;
}

// One HEAD, through redirects until an answer carries what the hub says of the file. `last` is where its
// bytes are then to be had.
HttpAnswer HubConnection::headOnce(const std::string& address, std::string& last, std::stop_token stop) {
    last = address;
    for (int hop = 0;; ++hop) {
        HttpAnswer answer;
        auto headers = headersFor(last, {});
        if (!headers) {
            answer.failure = headers.error();
            return answer;
        }
        answer = m_client.head(last, *headers, {m_settings.answerTimeout, m_settings.answerTimeout}, stop);
        if (answer.failure) return answer;
        m_answered = true;
        const auto* target = answer.header("location");
        if (!answer.isRedirect() || !target) return answer;
        const auto next = resolvedAddress(last, *target);
        if (next.empty() || hop == kRedirects) {
            answer.failure = networkError("the hub redirects in a way that leads nowhere", hostOf(last),
                                          "Does HF_ENDPOINT name a Hugging Face hub?");
            return answer;
        }
        // A file of the large kind: its facts are here, its bytes elsewhere. Anything else (a repository with
        // a new name, a mirror) is followed.
        const bool elsewhere = originOf(next) != m_origin;
        const bool facts = answer.header("x-repo-commit") &&
                           (answer.header("x-linked-etag") || (elsewhere && answer.header("etag")));
        last = next;
        if (facts) return answer;
    }
}

Result<FileAnswer> HubConnection::describe(const HubName& name, const std::string& file,
                                           std::stop_token stop) {
    if (m_origin.empty())
        return badInput("this is no http or https address", "HF_ENDPOINT",
                        "The usual one is https://huggingface.co.");
    const auto address = m_settings.endpoint + "/" + name.repository + "/resolve/" +
                         encodedForAddress(name.revision) + "/" + encodedForAddress(file, true);
    std::string last;
    HttpAnswer answer;
    for (int attempt = 0;; ++attempt) {
        const bool answered = m_answered;
        answer = headOnce(address, last, stop);
        if (answer.failure && (!answered || !answer.mayPass)) return *answer.failure;
        const auto pause = pauseAfter(answer, attempt);
        if (!pause) break;
        if (!wait(*pause, "Waiting for " + hostOf(m_settings.endpoint), stop)) return cancelled();
    }
    if (answer.failure) return *answer.failure;

    FileAnswer found;
    if (const auto* commit = answer.header("x-repo-commit")) found.commit = *commit;
    const auto* code = answer.header("x-error-code");
    // A missing file is told by its code, or by a 404 of a commit that has answered before.
    const bool known = isCommitHash(name.revision) && m_answered && answer.status == 404;
    if (code ? *code == "EntryNotFound" : known && !answer.header("x-error-message")) {
        if (found.commit.empty() && isCommitHash(name.revision)) found.commit = name.revision;
        return found;
    }
    if (answer.status != 200 && !answer.isRedirect()) return refusal(answer, name);
    if (!isPlainName(found.commit))
        return networkError("the answer names no commit, so it is none of a Hugging Face hub",
                            hostOf(m_settings.endpoint),
                            "Check HF_ENDPOINT, and whether a proxy stands between.");
    const auto* tag = answer.header("x-linked-etag");
    if (!tag) tag = answer.header("etag");
    RemoteFile remote{file, unquoted(tag ? *tag : ""), std::nullopt, last, address};
    if (kindOfBlobHash(remote.hash) == BlobHash::none)
        return networkError("the hub gives no hash that the file could be checked against",
                            name.repository + "/" + file, "Nothing was downloaded.");
    const auto* encoding = answer.header("content-encoding");
    const auto* size = answer.header("x-linked-size");
    if (!size && !answer.isRedirect() && (!encoding || *encoding == "identity"))
        size = answer.header("content-length");
    if (size) remote.size = wholeNumber(*size);
    found.file = std::move(remote);
    return found;
}

HttpAnswer HubConnection::get(const std::string& address, const std::vector<std::string>& headers,
                              const HttpClient::BodySink& sink, std::stop_token stop) {
    const HttpClient::BodySink bytes = [&](const HttpAnswer& soFar, std::span<const char> part) {
        return soFar.isRedirect() ? Result<void>() : sink(soFar, part);
    };
    std::string at = address;
    for (int hop = 0;; ++hop) {
        HttpAnswer answer;
        auto all = headersFor(at, headers);
        if (!all) {
            answer.failure = all.error();
            return answer;
        }
        answer = m_client.get(at, *all, {m_settings.answerTimeout, m_settings.dataTimeout}, bytes, stop);
        const auto* target = answer.header("location");
        if (answer.failure || !answer.isRedirect() || !target) return answer;
        const auto next = resolvedAddress(at, *target);
        if (next.empty() || hop == kRedirects) {
            answer.failure = networkError("the hub redirects in a way that leads nowhere", hostOf(at),
                                          "Does HF_ENDPOINT name a Hugging Face hub?");
            return answer;
        }
        at = next;
    }
}

std::optional<std::chrono::milliseconds> HubConnection::pauseAfter(const HttpAnswer& answer,
                                                                   int attempt) const {
    const int status = answer.status;
    const bool patience =
        status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
    if (attempt + 1 >= kAttempts || !(answer.failure ? answer.mayPass : patience)) return std::nullopt;
    if (!answer.failure)
        if (const auto asked = askedSeconds(answer)) {
            if (*asked > kLongestPause.count()) return std::nullopt;
            return std::chrono::seconds(*asked);
        }
    return std::min(m_settings.retryDelay * (1 << attempt), kLongestOwnPause);
}

bool HubConnection::wait(std::chrono::milliseconds pause, const std::string& what,
                         std::stop_token stop) const {
    if (m_progress && pause >= std::chrono::seconds(2))
        m_progress({what + ", " + std::to_string(pause.count() / 1000) + " s", -1});
    return sleepFor(pause, stop);
}

Error HubConnection::refusal(const HttpAnswer& answer, const HubName& name) const {
    const auto* given = answer.header("x-error-code");
    const std::string code = given ? *given : "";
    const std::string host = hostOf(m_settings.endpoint);
    const int status = answer.status;
    if (code == "GatedRepo" || (status == 403 && code.empty()))
        return notFound("access to this model is granted on request only", name.text(),
                        m_token.empty() ? "Ask for it at " + host + "/" + name.repository +
                                              ", then give your token in HF_TOKEN."
                                        : "Ask for it at " + host + "/" + name.repository +
                                              "; the token that is set has no access yet.");
    if (code == "RevisionNotFound")
        return notFound("the model has no revision '" + name.revision + "' on " + host, name.repository,
                        "A revision is a branch, a tag or a commit; without one it is main.");
    if (code == "RepoNotFound" || status == 401 || status == 404)
        return notFound(
            host + " has no such model, or keeps it private", name.text(),
            m_token.empty()
                ? "Check the name (no folder is called so, either); a private model needs your token in "
                  "HF_TOKEN."
                : "Check the name, and whether the token that is set may read it.");
    if (status == 429) {
        const auto asked = askedSeconds(answer);
        return networkError(
            "the hub was asked too often", host,
            asked ? "Try again in " + std::to_string(*asked) + " seconds." : "Try again in some minutes.");
    }
    if (status >= 500)
        return networkError("the hub has a problem of its own (status " + std::to_string(status) + ")", host,
                            "Try again later.");
    return networkError("the hub refuses with status " + std::to_string(status), host,
                        "Does HF_ENDPOINT name a Hugging Face hub?");
}

}  // namespace attnviz
