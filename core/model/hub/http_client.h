// One request after the other over HTTP(S), through libcurl: the answer as it came, nothing done in between.
//
// Redirects are not followed (a redirect is an answer), no encoding is asked for or undone, no cookie is
// kept. Connections stay open for the next request. A stop request ends a transfer at once. What an address
// holds beyond its host (signed queries) appears in no error. Besides the system's certificates, those count
// that SSL_CERT_FILE, else REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or SSL_CERT_DIR names (a file or a folder).
// Not thread-safe: one client, one thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace attnviz {

// Names in lower case; the last of several headers of one name counts.
using HttpHeaders = std::map<std::string, std::string, std::less<>>;

struct HttpAnswer {
    int status = 0;  // 0: none came
    HttpHeaders headers;
    std::optional<Error> failure;  // the transfer ended early; what came before it was handed over
    bool mayPass = false;          // a failure of the moment: another attempt may do better

    const std::string* header(std::string_view name) const;
    bool isRedirect() const;
};

struct HttpTimeouts {
    std::chrono::seconds connect{10};
    std::chrono::seconds silence{10};  // without a byte
};

class HttpClient final {
 public:
    // Takes a part of the body; its Error ends the transfer and is the answer's failure.
    using BodySink = std::function<Result<void>(const HttpAnswer& soFar, std::span<const char> bytes)>;

    explicit HttpClient(std::string userAgent);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    HttpAnswer head(const std::string& address, const std::vector<std::string>& headers,
                    const HttpTimeouts& timeouts, std::stop_token stop);
    HttpAnswer get(const std::string& address, const std::vector<std::string>& headers,
                   const HttpTimeouts& timeouts, const BodySink& sink, std::stop_token stop);

 private:
    struct Transfer;
    HttpAnswer perform(Transfer& transfer, const std::string& address,
                       const std::vector<std::string>& headers, const HttpTimeouts& timeouts);

    std::string m_userAgent;
    void* m_many = nullptr;  // CURLM
    void* m_one = nullptr;   // CURL
};

// Where an address leads: "https://host:port" in lower case with the port always written; empty if it is no
// http or https address. Two addresses with the same origin are served by the same program.
std::string originOf(const std::string& address);
// "host" for a person, without what else an address holds.
std::string hostOf(const std::string& address);
// `target` (of a Location header) as seen from `base`; empty if that is no http or https address.
std::string resolvedAddress(const std::string& base, const std::string& target);
// Percent-encoded, so that `text` is one part of a path ("/" too, unless `slashes` may stay).
std::string encodedForAddress(std::string_view text, bool slashes = false);

}  // namespace attnviz
