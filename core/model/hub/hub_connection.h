// The hub as this program speaks with it: what a file is, and its bytes.
//
// Redirects are followed by hand. The token goes to the endpoint's own origin (scheme, host, port) and to no
// other, whatever a redirect says. Answers that ask for patience (408, 429, 5xx) are asked again, after as
// long as the hub says, if that is not too long; so are transfers that break off once the hub has answered
// before.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/progress.h"
#include "core/model/hub/http_client.h"
#include "core/model/hub/hub_name.h"
#include "core/model/hub/hub_settings.h"

namespace attnviz {

struct RemoteFile {
    std::string path;                  // within the repository
    std::string hash;                  // SHA-256, or git's SHA-1 of a blob; a blob's name
    std::optional<std::int64_t> size;  // bytes, where the hub says
    std::string address;               // of its bytes: signed, and not for long
    std::string resolveAddress;        // at the endpoint; leads to a new one
};

struct FileAnswer {
    std::string commit;
    std::optional<RemoteFile> file;  // nothing: the repository has no such file
};

class HubConnection final {
 public:
    HubConnection(const HubSettings& settings, ProgressSink progress);

    // What `file` is at a revision. An Error says what a person can do: no such model, no access, no network.
    Result<FileAnswer> describe(const HubName& name, const std::string& file, std::stop_token stop);

    // The bytes at an address, once, through its redirects. Failures and refusals are in the answer.
    HttpAnswer get(const std::string& address, const std::vector<std::string>& headers,
                   const HttpClient::BodySink& sink, std::stop_token stop);

    // How long to wait before attempt `attempt` + 1 (0 is the first), or nothing: this answer is the last
    // word.
    std::optional<std::chrono::milliseconds> pauseAfter(const HttpAnswer& answer, int attempt) const;
    // Waits, and says so; false if a stop request came.
    bool wait(std::chrono::milliseconds pause, const std::string& what, std::stop_token stop) const;
    // Why an answer is no file.
    Error refusal(const HttpAnswer& answer, const HubName& name) const;

    const HubSettings& settings() const { return m_settings; }

 private:
    Result<std::vector<std::string>> headersFor(const std::string& address,
                                                std::vector<std::string> headers) const;
    HttpAnswer headOnce(const std::string& address, std::string& last, std::stop_token stop);

    HubSettings m_settings;
    ProgressSink m_progress;
    HubToken m_token;
    std::string m_origin;  // of the endpoint
    HttpClient m_client;
    bool m_answered = false;  // the hub, at least once
};

}  // namespace attnviz
