#include "core/model/hub/blob_download.h"

#include <charconv>

#include "core/base/readable.h"
#include "core/model/hub/blob_hash.h"
#include "core/model/hub/partial_file.h"

namespace attnviz {
namespace {

constexpr std::int64_t kUnannouncedLimit = std::int64_t{4} << 30;  // bytes of a file whose size nobody told

// The whole number that `text` has at `at`; -1 if there is none.
std::int64_t numberAt(std::string_view text, std::size_t at) {
    std::int64_t number = -1;
    if (at < text.size()) std::from_chars(text.data() + at, text.data() + text.size(), number);
    return number;
}

class BlobDownload final {
 public:
    BlobDownload(HubConnection& hub, const HubName& name, const RemoteFile& file, PartialFile partial,
                 const std::function<void(std::int64_t)>& have, std::stop_token stop)
        : m_hub(hub),
          m_name(name),
          m_file(file),
          m_where(name.repository + "/" + file.path),
          m_address(file.address),
          m_size(file.size),
          m_partial(std::move(partial)),
          m_have(have),
          m_stop(std::move(stop)) {}

    Result<void> run() {
        while (true) {
            const bool resumed = m_partial.size() > 0;
            if (m_size && m_partial.size() > *m_size)
                if (auto restarted = m_partial.restart(); !restarted) return restarted;
            if (auto space = checkSpace(); !space) return space;
            if (auto fetched = fetch(); !fetched) return fetched;
            const auto hash = hashOfFile(m_partial.path(), kindOfBlobHash(m_file.hash), {}, m_stop);
            if (!hash) return hash.error();
            if (*hash == m_file.hash) return m_partial.publish();
            // What an earlier download left may be what is wrong.
            if (!(resumed || m_joined) || m_restarted) {
                m_partial.remove();
                return Error{ErrorKind::network,
                             "the file is not the one that the hub announced: its hash differs", m_where,
                             "Try again; if it comes so again, the server's copy is damaged."};
            }
            m_restarted = true;
            m_joined = false;
            if (auto restarted = m_partial.restart(); !restarted) return restarted;
        }
    }

 private:
    Result<void> checkSpace() const {
        const auto folder = m_partial.path().parent_path();
        const auto left = freeBytes(folder);
        const auto needed = m_size.value_or(0) - m_partial.size();
        if (left < 0 || needed <= left) return {};
        return ioError("the disk has " + readableBytes(left) + " left, and " + m_where + " needs " +
                           readableBytes(needed),
                       folder.string(), "Free some space, or name another disk's folder in HF_HUB_CACHE.");
    }

    // All bytes, in as many attempts as it takes.
    Result<void> fetch() {
        std::int64_t farthest = m_partial.size();
        for (int attempt = 0; !(m_size && m_partial.size() == *m_size); ++attempt) {
            m_have(m_partial.size());
            HttpAnswer answer = transfer();
            if (answer.failure && answer.failure->kind == ErrorKind::cancelled) return cancelled();
            if (m_again) {  // the answer to a range was none
                if (auto restarted = m_partial.restart(); !restarted) return restarted;
                if (attempt < 3) continue;
            }
            const bool taken = answer.status == 200 || answer.status == 206;
            if (!answer.failure && taken) {
                if (!m_size || m_partial.size() == *m_size) return {};
                answer.failure =
                    Error{ErrorKind::network, "the transfer ended early", hostOf(m_address), "Try again."};
                answer.mayPass = true;
            }
            if (m_partial.size() > farthest) {
                farthest = m_partial.size();
                attempt = 0;
            }
            // A signed address has its day; the hub gives a new one.
            const bool expired = answer.status == 401 || answer.status == 403 || answer.status == 404;
            if (!answer.failure && expired && m_address != m_file.resolveAddress) {
                m_address = m_file.resolveAddress;
                continue;
            }
            const auto pause = m_hub.pauseAfter(answer, attempt);
            if (!pause) return answer.failure ? *answer.failure : m_hub.refusal(answer, m_name);
            if (!m_hub.wait(*pause, "Waiting to go on with " + m_file.path, m_stop)) return cancelled();
        }
        return {};
    }

    HttpAnswer transfer() {
        m_again = false;
        m_begun = false;
        m_offset = m_partial.size();
        std::vector<std::string> headers;
        if (m_offset > 0) headers.push_back("Range: bytes=" + std::to_string(m_offset) + "-");
        auto answer = m_hub.get(
            m_address, headers,
            [this](const HttpAnswer& soFar, std::span<const char> bytes) { return take(soFar, bytes); },
            m_stop);
        if (answer.status == 416) m_again = true;
        return answer;
    }

    Result<void> take(const HttpAnswer& answer, std::span<const char> bytes) {
        if (answer.status != 200 && answer.status != 206) return {};
        if (!m_begun)
            if (auto begun = begin(answer); !begun) return begun;
        m_begun = true;
        const auto limit = m_size.value_or(kUnannouncedLimit);
        if (static_cast<std::int64_t>(bytes.size()) > limit - m_partial.size())
            return refused("the server sends more than the " + readableBytes(limit) + " that the file has");
        if (auto written = m_partial.append(bytes); !written) return written;
        m_have(m_partial.size());
        return {};
    }

    // The first bytes of an answer: does it begin where it was asked to, and is it as long as announced?
    Result<void> begin(const HttpAnswer& answer) {
        if (answer.status == 206) {
            const auto* header = answer.header("content-range");  // bytes 100-199/200
            const std::string range = header && header->starts_with("bytes ") ? *header : "";
            const auto first = numberAt(range, 6);
            if (first != m_offset || m_offset == 0) {
                m_again = true;
                return refused("the server answers with another range");
            }
            const auto slash = range.find('/');
            const auto total = slash == std::string::npos ? -1 : numberAt(range, slash + 1);
            if (m_size && total >= 0 && total != *m_size) return announcedOtherwise(total);
            m_joined = true;
            return {};
        }
        if (m_offset > 0)
            if (auto restarted = m_partial.restart(); !restarted) return restarted;
        const auto* length = answer.header("content-length");
        const auto* encoding = answer.header("content-encoding");
        if (!length || (encoding && *encoding != "identity")) return {};
        const auto total = numberAt(*length, 0);
        if (m_size && total >= 0 && total != *m_size) return announcedOtherwise(total);
        if (!m_size && total >= 0 && total <= kUnannouncedLimit) m_size = total;
        return {};
    }

    Result<void> announcedOtherwise(std::int64_t total) const {
        return refused("the server holds " + std::to_string(total) + " bytes, the hub announced " +
                       std::to_string(*m_size));
    }

    Error refused(std::string what) const {
        return {ErrorKind::network, std::move(what), m_where, "Try again later."};
    }

    HubConnection& m_hub;
    const HubName& m_name;
    const RemoteFile& m_file;
    std::string m_where, m_address;
    std::optional<std::int64_t> m_size;
    PartialFile m_partial;
    const std::function<void(std::int64_t)>& m_have;
    std::stop_token m_stop;

    std::int64_t m_offset = 0;  // of the answer under way
    bool m_begun = false;       // its first bytes have come
    bool m_again = false;       // it cannot be joined to what is there
    bool m_joined = false;      // the file is made of several answers
    bool m_restarted = false;   // after a hash that did not fit
};

}  // namespace

Result<void> downloadBlob(HubConnection& hub, const HubName& name, const RemoteFile& file,
                          const std::filesystem::path& blob, const std::function<void(std::int64_t)>& have,
                          std::stop_token stop) {
    auto partial = PartialFile::open(blob);
    if (!partial) return partial.error();
    return BlobDownload(hub, name, file, *std::move(partial), have, std::move(stop)).run();
}

}  // namespace attnviz
