// The models of the Hugging Face cache, looked for on a thread of its own: many folders on a slow disk take a
// while.
#pragma once

#include <QObject>
#include <vector>

#include "core/base/job_queue.h"
#include "core/model/model_list.h"

namespace attnviz::ui {

class CachedModels final : public QObject {
    Q_OBJECT
 public:
    explicit CachedModels(QObject* parent = nullptr);
    // Looks anew, once the event loop has nothing else to do; answers with found().
    void look();
    bool idle() const { return !m_looking; }

 signals:
    void found(const std::vector<attnviz::ListedModel>& models);

 private:
    bool m_looking = false;
    JobQueue m_queue;
};

}  // namespace attnviz::ui
