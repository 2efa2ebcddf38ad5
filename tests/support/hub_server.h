// A small Hugging Face hub for tests: two ports of this machine, the hub on 127.0.0.1 and the store of large
// files on "localhost", spoken to over plain HTTP as huggingface.co and its store are.
//
// Given a certificate, the hub speaks TLS, and its store still does not.
//
// Serves from memory, on threads of its own, and writes down every request. A test changes single answers
// with `adjust`: another status, other bytes, an early end.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace attnviz::test {

struct HubRequest {
    bool store = false;  // came to the store, not to the hub
    std::string method, path;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string file() const;                    // of the repository: "config.json"; empty at the store
};

struct HubReply {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::int64_t cutAfter = -1;  // bytes of the body, then the connection is closed
    bool lengthKnown = true;     // Content-Length is sent
    int microsecondsABlock = 0;  // to wait after each 16 KB
    void set(const std::string& name, const std::string& value);
};

struct HubModel {
    std::string commit;
    std::map<std::string, std::string> files;
    std::map<std::string, std::string> revisions;  // besides main: name to commit
    std::size_t largeFrom = 10'000;                // bytes; larger files are in the store
    std::string token;                             // needed for an answer; empty: none is
    bool gated = false;
};

// Files in PEM form.
struct HubCertificate {
    std::string certificate, key;
};

class HubServer final {
 public:
    explicit HubServer(const std::optional<HubCertificate>& certificate = {});
    ~HubServer();
    HubServer(const HubServer&) = delete;
    HubServer& operator=(const HubServer&) = delete;

    std::string endpoint() const;  // http://127.0.0.1:port, or https
    std::string storeHost() const { return "localhost"; }

    std::map<std::string, HubModel> models;  // by "org/name"; set before the first request
    std::function<void(const HubRequest&, HubReply&)> adjust;
    // Told how much of an answer's body was sent, as it is sent. May be changed while the server works.
    void whenSent(std::function<void(const HubRequest&, std::int64_t sent)> told);

    std::vector<HubRequest> requests() const;
    void forget();  // the requests so far
    std::int64_t bodyBytes() const { return m_bodyBytes; }

 private:
    struct TlsContext;
    struct Wire;
    void serve(int listener, bool store, const std::stop_token& stop);
    void converse(int connection, bool store, const std::stop_token& stop);
    HubReply answer(const HubRequest& request) const;
    HubReply resolve(const HubRequest& request) const;
    bool send(Wire& wire, const HubRequest& request, const HubReply& reply);

    std::unique_ptr<TlsContext> m_tls;  // of the hub; null: it speaks plainly

    int m_listeners[2] = {-1, -1}, m_ports[2] = {0, 0};
    mutable std::mutex m_mutex;
    std::function<void(const HubRequest&, std::int64_t sent)> m_sent;
    std::vector<HubRequest> m_requests;
    std::atomic<std::int64_t> m_bodyBytes = 0;
    std::vector<std::jthread> m_threads;
    std::mutex m_connectionsMutex;
    std::vector<std::jthread> m_connections;
};

std::string sha256Of(const std::string& bytes);
std::string gitSha1Of(const std::string& bytes);
// Bytes that no compression or habit can guess, the same for the same seed.
std::string seededBytes(std::size_t count, std::uint32_t seed);

}  // namespace attnviz::test
