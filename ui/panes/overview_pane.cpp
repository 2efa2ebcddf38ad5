// Overview: the whole map of the shown head, small, and where in it the heatmap looks.
#include <QCoreApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/theme/appearance.h"
#include "ui/widgets/attention_plottable.h"
#include "ui/widgets/eliding_label.h"
#include "ui/widgets/minimap.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"

namespace attnviz::ui {
namespace {

class OverviewPane final : public Pane {
 public:
    OverviewPane(Workspace& shared, QWidget* parent)
        : Pane(shared, "overview", kRun | kSource | kHead | kHover | kPins | kView | kTheme | kSeen, parent) {
        auto* body = new QWidget(this);
        auto* row = new QHBoxLayout(body);
        row->setContentsMargins(0, 0, 8, 0);
        row->setSpacing(4);
        m_map = new Minimap(body);
        row->addWidget(m_map, 1);
        auto* facts = new QVBoxLayout;
        facts->setContentsMargins(0, 8, 0, 8);
        facts->setSpacing(2);
        facts->addWidget(plainLabel(tr("Shown"), "secondary", body));
        for (auto** label : {&m_queries, &m_keys, &m_of})
            facts->addWidget(*label = plainLabel({}, "caption", body));
        facts->addStretch(1);
        row->addLayout(facts);
        setBody(body);
        addCaption();
        connect(m_map, &Minimap::moveAsked, &shared, &Workspace::askMove);
    }
    QWidget* picture() const override { return bodyShown() ? m_map : nullptr; }
    // Keys across, queries down; of a long text each number is of a square of cells, named by its first.
    QString values() const override {
        if (!bodyShown() || !m_values) return {};
        QString out = QStringLiteral("query");
        for (int column = 0; column < m_columns; ++column)
            out += '\t' + QString::number(static_cast<qint64>(column) << m_level);
        out += '\n';
        for (int row = 0; row < m_rows; ++row) {
            out += QString::number(static_cast<qint64>(row) << m_level);
            for (int column = 0; column < m_columns; ++column) {
                const float value = valueAt(row, column);
                out += value == kMaskedCell ? QStringLiteral("\t") : '\t' + QString::number(value, 'g', 9);
            }
            out += '\n';
        }
        return out;
    }

 private:
    static QString tr(const char* text) { return QCoreApplication::translate("OverviewPane", text); }

    void refresh(unsigned changes) override {
        if (workspace().isEmpty()) {
            m_left->clear();
            return showSentence(tr("Open a session or run a text to see its map from afar."));
        }
        if (!workspace().headReady()) return showSentence(tr("This layer is not computed yet."));
        if ((changes & (kRun | kSource | kHead | kView)) != 0) prepare();
        if ((changes & (kView | kTheme)) != 0) paintMap();
        m_map->setMarked(workspace().hovered() ? workspace().hovered() : workspace().pinned());
        const KeyRange queries = workspace().seenQueries(), keys = workspace().seenKeys();
        m_map->setSeen(queries, keys);
        const auto span = [](const KeyRange& range) {
            return countText(range.begin) + QChar(0x2013) + countText(range.end - 1);
        };
        m_queries->setText(tr("queries %1").arg(span(queries)));
        m_keys->setText(tr("keys %1").arg(span(keys)));
        const auto& info = workspace().source()->info();
        m_of->setText(tr("of %1 × %2").arg(countText(info.queries), countText(info.keys)));
        m_left->setText(tr("drag the frame or click to move it"));
    }

    // The whole map in one pooled tile: 256 x 256 cells or fewer.
    void prepare() {
        const auto source = workspace().source();
        const HeadId head = workspace().shownHead();
        TileKey key{head, 0, 0, 0, workspace().view().pooling};
        while (std::max(source->info().queries, source->info().keys) > kTileCells << key.level) ++key.level;
        compute(
            "tile",
            [source, key](std::stop_token stop) -> Result<TileValues> {
                auto values =
                    std::make_shared<std::vector<float>>(static_cast<std::size_t>(kTileCells) * kTileCells);
                if (auto done = source->tile(key, *values, stop); !done) return done.error();
                return TileValues(std::move(values));
            },
            [this, source, key](Result<TileValues> values) {
                if (!values || source != workspace().source()) return;
                m_values = *std::move(values);
                m_level = key.level;
                const auto& info = source->info();
                m_rows = std::min(kTileCells, (info.queries + (1 << m_level) - 1) >> m_level);
                m_columns = std::min(kTileCells, (info.keys + (1 << m_level) - 1) >> m_level);
                QStringList words{workspace().headTitle()};
                if (m_level > 0)
                    words << tr("%1 of %2 × %2 cells a pixel")
                                 .arg(key.pooling == Pooling::max ? tr("max") : tr("mean"))
                                 .arg(1 << m_level);
                if (info.renormalized) words << tr("renormalized");
                m_right->setText(words.join(" · "));
                showBody();
                paintMap();
            });
    }

    void paintMap() {
        const auto& source = workspace().source();
        if (!m_values || !source) return;
        const auto& info = source->info();
        QImage image(m_columns, m_rows, QImage::Format_RGB32);
        const ColorScale scale = workspace().scale();
        const QRgb masked = ui::palette().masked.rgb();
        for (int row = 0; row < m_rows; ++row) {
            auto* line = reinterpret_cast<QRgb*>(image.scanLine(row));
            for (int column = 0; column < m_columns; ++column) {
                const float value = valueAt(row, column);
                line[column] = value == kMaskedCell ? masked : scale.color(value);
            }
        }
        m_map->setMap(image, info.queries, info.keys);
    }

    float valueAt(int row, int column) const {
        return (*m_values)[static_cast<std::size_t>(row) * kTileCells + static_cast<std::size_t>(column)];
    }

    Minimap* m_map;
    QLabel *m_queries = nullptr, *m_keys = nullptr, *m_of = nullptr;
    TileValues m_values;
    int m_level = 0, m_rows = 0, m_columns = 0;
};

Pane* create(Workspace& workspace, QWidget* parent) {
    return new OverviewPane(workspace, parent);
}

}  // namespace

extern const PaneDescriptor kOverviewPane{
    .id = "overview",
    .title = QT_TRANSLATE_NOOP("Pane", "Overview"),
    .accessible = QT_TRANSLATE_NOOP("Pane", "The whole map, and the part that is shown"),
    .place = PanePlace::rightTop,
    .create = &create};

}  // namespace attnviz::ui
