// Tiles of a map computed off the UI thread, and handed over there. One asker a map: asking for another
// source or head drops what was still waiting.
#pragma once

#include <QObject>
#include <memory>
#include <set>
#include <vector>

#include "core/attention/attention_source.h"
#include "core/base/job_queue.h"

namespace attnviz::ui {

class TileRequests final : public QObject {
    Q_OBJECT
 public:
    // On at most so many threads: those who ask for several maps at once share the cores.
    explicit TileRequests(QObject* parent = nullptr, unsigned mostThreads = 4);
    ~TileRequests() override;

    void request(const std::shared_ptr<const AttentionSource>& source, const TileKey& key);
    bool idle() const { return m_waiting.empty(); }

 signals:
    void ready(const attnviz::TileKey& key, std::shared_ptr<const std::vector<float>> values,
               const attnviz::AttentionSource* source);
    void idleChanged(bool idle);

 private:
    void say(bool wasIdle);

    std::shared_ptr<const AttentionSource> m_source;
    HeadId m_head;
    int m_level = -1;
    std::set<TileKey> m_waiting;
    JobQueue& queueOf(const TileKey& key);
    std::vector<std::unique_ptr<JobQueue>> m_queues;  // neighbours are computed side by side
};

// Runs functions on the thread of `receiver`, as JobQueue wants it; nothing once the receiver is gone.
JobQueue::Post postTo(QObject* receiver);

}  // namespace attnviz::ui
