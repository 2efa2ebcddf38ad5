// Layer comparison: maps of chosen layers or heads side by side on one scale, or as differences to one of
// them.
#include <QCheckBox>
#include <QComboBox>
#include <QCoreApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QScrollArea>
#include <QSettings>
#include <algorithm>

#include "core/analysis/filter_tokens.h"
#include "core/attention/difference_attention.h"
#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/state/file_controller.h"
#include "ui/state/filtering.h"
#include "ui/widgets/color_bar.h"
#include "ui/widgets/eliding_label.h"
#include "ui/widgets/index_field.h"
#include "ui/widgets/map_panels.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"

namespace attnviz::ui {
namespace {

enum class Show { mean, head, chosen };
constexpr std::size_t kMostPanels = 96;

// What the panels show, made off the UI thread.
struct Maps {
    struct Map {
        std::shared_ptr<const AttentionSource> source;
        HeadId head, selects;  // as the panel's source has it; and what a click on it chooses
        QString title;
    };
    std::vector<Map> maps;
    double largest = 0;     // weight of any, for a shared automatic range
    double difference = 0;  // largest distance from the reference, of the overviews
};

class LayersPane final : public Pane {
 public:
    LayersPane(Workspace& shared, QWidget* parent);
    QWidget* picture() const override { return bodyShown() ? m_panels : nullptr; }
    QString values() const override;

 private:
    static QString tr(const char* text) { return QCoreApplication::translate("LayersPane", text); }
    void refresh(unsigned changes) override;
    void prepare();
    void take(Maps maps, bool differs, int reference);
    void showNumbers();
    void showScales();
    void showChosen();
    void showCell() {
        m_panels->setHovered(workspace().hovered() ? workspace().hovered() : workspace().pinned());
    }
    void showControls();
    void resizeEvent(QResizeEvent* event) override {
        Pane::resizeEvent(event);
        m_legend->setVisible(width() > 620);
        m_scaleWords->setVisible(width() > 720);
    }
    Show shown() const { return static_cast<Show>(m_show->currentIndex()); }

    QComboBox* m_show;
    IndexField* m_layers;
    QCheckBox* m_difference;
    ColorBar* m_legend;
    QLabel* m_scaleWords;
    QScrollArea* m_scroll;
    MapPanels* m_panels;
    Maps m_maps;
    QStringList m_entropies;
    int m_reference = -1;
    double m_span = 1;  // of the diverging scale
};

LayersPane::LayersPane(Workspace& shared, QWidget* parent)
    : Pane(shared, "layers", kRun | kSource | kHead | kChosen | kHover | kPins | kView | kTheme, parent) {
    auto& row = controls();
    const auto word = [&](const QString& text) {
        auto* label = new ElidingLabel("secondary", this);
        label->setText(text);
        row.addWidget(label);
    };
    word(tr("Show"));
    m_show = new QComboBox(this);
    m_show->setAccessibleName(tr("Which maps are compared"));
    m_show->addItems({tr("Mean of all heads"), tr("The chosen head"), tr("The chosen heads")});
    row.addWidget(m_show);
    word(tr("Layers"));
    m_layers = new IndexField("layer", tr("Layers to compare"), this);
    row.addWidget(m_layers);
    m_difference = new QCheckBox(this);
    row.addWidget(m_difference);
    row.addStretch(1);
    m_scaleWords = plainLabel({}, "caption", this);
    row.addWidget(m_scaleWords);
    m_legend = new ColorBar(this);
    m_legend->setFixedWidth(150);
    row.addWidget(m_legend);

    m_panels = new MapPanels(this);
    m_panels->setAccessibleName(tr("Maps of the compared layers"));
    m_scroll = new QScrollArea(this);
    m_scroll->setWidgetResizable(true);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setFocusPolicy(Qt::NoFocus);
    m_scroll->setWidget(m_panels);
    setBody(m_scroll);
    addCaption();

    const QSettings kept(stateFile(), QSettings::IniFormat);
    m_show->setCurrentIndex(std::clamp(kept.value("layers/show", 0).toInt(), 0, 2));
    const auto again = [this] {
        QSettings(stateFile(), QSettings::IniFormat).setValue("layers/show", m_show->currentIndex());
        noteChange(kRun);
    };
    connect(m_show, &QComboBox::activated, this, again);
    connect(m_layers, &IndexField::indicesChosen, this, again);
    connect(m_difference, &QCheckBox::toggled, this, [this] { noteChange(kRun); });
    connect(m_panels, &MapPanels::panelClicked, this, [this](int panel, Qt::KeyboardModifiers modifiers) {
        if (panel >= static_cast<int>(m_maps.maps.size())) return;
        const HeadId head = m_maps.maps[static_cast<std::size_t>(panel)].selects;
        if (modifiers.testFlag(Qt::ControlModifier))
            workspace().toggleHead(head);
        else if (modifiers.testFlag(Qt::ShiftModifier))
            workspace().extendHeads(head);
        else
            workspace().setHead(head);
    });
    connect(m_panels, &MapPanels::hoverChanged, this,
            [this](std::optional<int>, std::optional<Cell> cell) { workspace().setHovered(cell); });
    connect(m_panels, &MapPanels::tileWanted, this, [this](int panel, const TileKey& key) {
        const auto source = m_panels->panels()[static_cast<std::size_t>(panel)].source;
        const std::string tag = "tile " + std::to_string(panel) + " " + std::to_string(key.level) + " " +
                                std::to_string(key.row) + " " + std::to_string(key.column) +
                                (key.pooling == Pooling::max ? " max" : " mean");
        if (isComputing(tag)) return;
        compute(
            tag,
            [source, key](std::stop_token stop) -> Result<TileValues> {
                auto values =
                    std::make_shared<std::vector<float>>(static_cast<std::size_t>(kTileCells) * kTileCells);
                if (auto done = source->tile(key, *values, stop); !done) return done.error();
                return TileValues(std::move(values));
            },
            [this, panel, key, source](Result<TileValues> values) {
                const auto& panels = m_panels->panels();
                const auto at = static_cast<std::size_t>(panel);
                if (values && at < panels.size() && panels[at].source == source)
                    m_panels->tileReady(panel, key, *std::move(values));
            });
    });
}

void LayersPane::refresh(unsigned changes) {
    if (workspace().isEmpty()) {
        m_left->clear();
        m_right->setText({});
        return showSentence(tr("Open a session or run a text to compare its layers."));
    }
    showControls();
    const bool follows = shown() != Show::mean;
    if ((changes & (kRun | kSource)) != 0 || (follows && (changes & (kHead | kChosen)) != 0)) prepare();
    if ((changes & kView) != 0) m_panels->setPooling(workspace().view().pooling);
    if ((changes & (kView | kTheme)) != 0) showScales();
    if ((changes & (kHover | kPins)) != 0) showCell();
    showChosen();
}

void LayersPane::showControls() {
    const auto& info = workspace().rawSource()->info();
    m_layers->setCount(info.layers);
    m_layers->setEnabled(shown() != Show::chosen);
    m_show->setItemText(0, info.heads == 1 ? tr("The only head") : tr("Mean of %1 heads").arg(info.heads));
    const HeadId head = workspace().head();
    m_difference->setText(shown() == Show::chosen ? tr("Difference to L%1 H%2").arg(head.layer).arg(head.head)
                                                  : tr("Difference to layer %1").arg(head.layer));
    if (m_difference->isChecked() && m_reference != head.layer && shown() == Show::mean) prepare();
}

// Combined maps are sources of their own; making them costs nothing, their numbers come later.
void LayersPane::prepare() {
    const auto raw = workspace().rawSource();
    const HeadId reference = workspace().head();
    const bool differs = m_difference->isChecked();
    m_reference = reference.layer;
    compute(
        "maps",
        [run = workspace().run(), raw, filters = workspace().view().filters, show = shown(),
         layers = m_layers->indices(), heads = workspace().selection().heads,
         reference](std::stop_token stop) -> Result<Maps> {
            Filters wanted = filters;
            if (show == Show::mean)
                wanted.combine = filters.combine == Combine::single ? Combine::mean : filters.combine;
            else
                wanted.combine = Combine::single;
            auto source = filteredSource(*run, raw, filterSettings(wanted), stop);
            if (!source) return source.error();
            Maps maps;
            const int ready = raw->layersReady();
            if (show == Show::chosen) {
                for (const auto& head : heads)
                    if (head.layer < ready)
                        maps.maps.push_back(
                            {*source, head, head, QString("L%1 H%2").arg(head.layer).arg(head.head)});
            } else {
                for (const int layer : layers) {
                    if (layer >= ready) continue;
                    const HeadId seen{layer, show == Show::mean && !(*source)->info().combined.empty()
                                                 ? 0
                                                 : reference.head};
                    maps.maps.push_back({*source, seen, {layer, reference.head}, QString("L%1").arg(layer)});
                }
            }
            if (maps.maps.size() > kMostPanels) maps.maps.resize(kMostPanels);
            return maps;
        },
        [this, differs, reference](Result<Maps> maps) {
            if (!maps) return showSentence(QString::fromStdString(maps.error().sentence()));
            take(*std::move(maps), differs, reference.layer);
        });
}

void LayersPane::take(Maps maps, bool differs, int reference) {
    if (maps.maps.empty()) return showSentence(tr("These layers are not computed yet."));
    const auto base = std::ranges::find_if(maps.maps, [&](const Maps::Map& map) {
        return shown() == Show::chosen ? map.selects == workspace().head() : map.selects.layer == reference;
    });
    differs = differs && base != maps.maps.end();
    std::vector<MapPanel> panels;
    for (const auto& map : maps.maps) {
        MapPanel panel;
        panel.title = map.title;
        panel.source = map.source;
        panel.head = map.head;
        if (differs && &map != &*base) {
            panel.title = tr("%1 − %2").arg(map.title, base->title);
            panel.source = std::make_shared<const DifferenceAttention>(
                DifferenceAttention::Side{base->source, base->head},
                DifferenceAttention::Side{map.source, map.head});
            panel.head = {};
            panel.difference = true;
        }
        panels.push_back(std::move(panel));
    }
    m_maps = std::move(maps);
    m_entropies.clear();
    m_panels->setPanels(std::move(panels));
    m_panels->setPooling(workspace().view().pooling);
    showCell();
    showBody();
    showScales();
    showChosen();
    showNumbers();
}

// Mean row entropy below each map; the largest change, where differences are shown.
void LayersPane::showNumbers() {
    struct Numbers {
        QStringList entropies;
        double largest = 0;
    };
    const auto& panels = m_panels->panels();
    std::vector<std::shared_ptr<const AttentionSource>> differences;
    for (const auto& panel : panels)
        if (panel.difference) differences.push_back(panel.source);
    compute(
        "numbers",
        [maps = m_maps.maps, differences](std::stop_token stop) -> Result<Numbers> {
            Numbers numbers;
            for (const auto& map : maps) {
                if (auto done = summarizeHead(*map.source, map.head, stop); !done) return done.error();
                numbers.entropies << scoreText(map.source->summary(map.head).rowEntropy);
            }
            std::vector<float> tile(static_cast<std::size_t>(kTileCells) * kTileCells);
            for (const auto& difference : differences) {
                int level = 0;
                while (std::max(difference->info().queries, difference->info().keys) > kTileCells << level)
                    ++level;
                if (auto done = difference->tile({{}, level, 0, 0, Pooling::max}, tile, stop); !done)
                    return done.error();
                for (const float value : tile)
                    if (value != kMaskedCell)
                        numbers.largest = std::max(numbers.largest, std::abs(static_cast<double>(value)));
            }
            return numbers;
        },
        [this](Result<Numbers> numbers) {
            if (!numbers) return;
            m_entropies = numbers->entropies;
            m_panels->setCaptions(m_entropies);
            m_span = numbers->largest > 0 ? numbers->largest : 1;
            showScales();
        });
    const auto& info = m_maps.maps.front().source->info();
    QStringList words{tr("row entropy below, nats")};
    if (info.renormalized) words << tr("renormalized");
    if (!info.combined.empty()) words << QString::fromStdString(info.combined);
    if (std::max(info.queries, info.keys) > kTileCells) words << tr("pooled where it is small");
    m_left->setText(words.join(" · "));
    m_right->setText(tr("wheel zooms all, double click fits"));
}

void LayersPane::showScales() {
    const auto diverging = findColormap("diverging");
    const ColorScale scale = workspace().sharedScale();
    const bool differs = std::ranges::any_of(m_panels->panels(), &MapPanel::difference);
    const ColorScale differences = diverging ? ColorScale(**diverging, -m_span, m_span, false) : ColorScale();
    m_panels->setScales(scale, differences);
    m_legend->setScale(differs ? differences : scale);
    m_scaleWords->setText(differs ? tr("difference") : tr("shared scale"));
}

void LayersPane::showChosen() {
    std::vector<bool> chosen;
    for (const auto& map : m_maps.maps)
        chosen.push_back(shown() == Show::chosen ? map.selects == workspace().head()
                                                 : map.selects.layer == workspace().head().layer);
    m_panels->setChosen(chosen);
}

QString LayersPane::values() const {
    if (!bodyShown()) return {};
    QString text = tr("map") + "\t" + tr("layer") + "\t" + tr("head") + "\t" + tr("mean row entropy") + "\n";
    for (std::size_t i = 0; i < m_maps.maps.size(); ++i) {
        const auto& map = m_maps.maps[i];
        const QString head = map.source->info().combined.empty()
                                 ? QString::number(map.head.head)
                                 : QString::fromStdString(map.source->info().combined);
        text += QString("%1\t%2\t%3\t%4\n")
                    .arg(map.title)
                    .arg(map.head.layer)
                    .arg(head, m_entropies.value(static_cast<qsizetype>(i)));
    }
    return text;
}

Pane* create(Workspace& workspace, QWidget* parent) {
    return new LayersPane(workspace, parent);
}

}  // namespace

extern const PaneDescriptor kLayersPane{
    .id = "layers",
    .title = QT_TRANSLATE_NOOP("Pane", "Layer comparison"),
    .accessible = QT_TRANSLATE_NOOP("Pane", "Maps of layers or heads side by side on one scale"),
    .place = PanePlace::bottom,
    .create = &create};

}  // namespace attnviz::ui
