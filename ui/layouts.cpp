#include "ui/layouts.h"

#include <QtGlobal>
#include <array>

namespace attnviz::ui {

std::span<const NamedLayout> layouts() {
    using enum PanePlace;
    static const std::array kLayouts{
        NamedLayout{.id = "default",
                    .title = QT_TRANSLATE_NOOP("Layout", "Default"),
                    .open = {{"heads", left},
                             {"tokens", rightTop},
                             {"statistics", rightBottom},
                             {"roles", rightBottom},
                             {"predictions", rightBottom},
                             {"notes", rightBottom},
                             {"layers", bottom},
                             {"flow", bottom},
                             {"clusters", bottom}}},
        NamedLayout{.id = "clusters",
                    .title = QT_TRANSLATE_NOOP("Layout", "Clusters"),
                    .open = {{"heads", left},
                             {"clusters", rightBottom},
                             {"flow", bottom},
                             {"layers", bottom},
                             {"statistics", bottom}},
                    .rightWidth = 440,
                    .bottomHeight = 370},
        NamedLayout{.id = "long",
                    .title = QT_TRANSLATE_NOOP("Layout", "Long text"),
                    .open = {{"heads", left},
                             {"overview", rightTop},
                             {"tokens", rightBottom},
                             {"statistics", rightBottom},
                             {"roles", rightBottom}},
                    .rightTopShare = 0.34},
        NamedLayout{.id = "compare",
                    .title = QT_TRANSLATE_NOOP("Layout", "Compare"),
                    .open = {{"heads", left},
                             {"tokens", rightTop},
                             {"predictions", rightBottom},
                             {"statistics", rightBottom},
                             {"comparison", bottom}},
                    .bottomHeight = 420},
    };
    return kLayouts;
}

}  // namespace attnviz::ui
