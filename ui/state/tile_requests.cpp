#include "ui/state/tile_requests.h"

#include <QMetaObject>
#include <algorithm>
#include <string>
#include <thread>

namespace attnviz::ui {
namespace {

std::string tagOf(const TileKey& key) {
    return std::to_string(key.level) + "/" + std::to_string(key.row) + "/" + std::to_string(key.column) +
           (key.pooling == Pooling::max ? "max" : "mean");
}

}  // namespace

JobQueue::Post postTo(QObject* receiver) {
    return [receiver](std::function<void()> deliver) {
        QMetaObject::invokeMethod(receiver, std::move(deliver), Qt::QueuedConnection);
    };
}

TileRequests::TileRequests(QObject* parent, unsigned mostThreads) : QObject(parent) {
    const unsigned threads = std::clamp(std::thread::hardware_concurrency(), 1U, std::max(1U, mostThreads));
    for (unsigned thread = 0; thread < threads; ++thread)
        m_queues.push_back(std::make_unique<JobQueue>("tiles", postTo(this)));
}

TileRequests::~TileRequests() = default;

JobQueue& TileRequests::queueOf(const TileKey& key) {
    return *m_queues[static_cast<std::size_t>(key.row + key.column) % m_queues.size()];
}

void TileRequests::request(const std::shared_ptr<const AttentionSource>& source, const TileKey& key) {
    const bool wasIdle = idle();
    if (source != m_source || key.head != m_head || key.level != m_level) {
        for (const auto& waiting : m_waiting) queueOf(waiting).cancel(tagOf(waiting));
        m_waiting.clear();
        m_source = source;
        m_head = key.head;
        m_level = key.level;
    }
    if (!m_waiting.insert(key).second) return;
    say(wasIdle);
    queueOf(key).submit(
        tagOf(key),
        [source, key](std::stop_token stop) -> Result<std::shared_ptr<const std::vector<float>>> {
            auto values =
                std::make_shared<std::vector<float>>(static_cast<std::size_t>(kTileCells) * kTileCells);
            if (auto done = source->tile(key, *values, stop); !done) return done.error();
            return std::shared_ptr<const std::vector<float>>(std::move(values));
        },
        [this, source, key](Result<std::shared_ptr<const std::vector<float>>> result) {
            const bool idleBefore = idle();
            m_waiting.erase(key);
            if (result) emit ready(key, *result, source.get());
            say(idleBefore);
        });
}

void TileRequests::say(bool wasIdle) {
    if (idle() != wasIdle) emit idleChanged(idle());
}

}  // namespace attnviz::ui
