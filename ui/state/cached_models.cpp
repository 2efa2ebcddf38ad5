#include "ui/state/cached_models.h"

#include <QTimer>

#include "core/model/hub/hub_settings.h"
#include "ui/state/tile_requests.h"

namespace attnviz::ui {

CachedModels::CachedModels(QObject* parent) : QObject(parent), m_queue("cache", postTo(this)) {}

void CachedModels::look() {
    m_looking = true;
    QTimer::singleShot(0, this, [this] {
        m_queue.submit(
            "look", [](std::stop_token stop) { return listModels(hubSettings().cache, std::move(stop)); },
            [this](const Result<std::vector<ListedModel>>& models) {
                m_looking = false;
                if (models) emit found(*models);
            });
    });
}

}  // namespace attnviz::ui
