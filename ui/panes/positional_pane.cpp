// Positional: where attention goes by distance. Near, middling and far by layer; the profile of the shown
// head beside an even one; how far every head looks.
#include <QCoreApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QScrollArea>
#include <QSettings>
#include <QSpinBox>
#include <QVBoxLayout>
#include <cmath>
#include <numeric>

#include "core/analysis/positional.h"
#include "ui/panes/distance_charts.h"
#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/state/file_controller.h"
#include "ui/theme/appearance.h"
#include "ui/widgets/chart_view.h"
#include "ui/widgets/eliding_label.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"
#include "ui/widgets/segments.h"

namespace attnviz::ui {
namespace {

constexpr int kLogarithmicFrom = 128;

// "■ local ■ medium ■ global", in the colours of the bars.
class ShareLegend final : public QWidget {
 public:
    explicit ShareLegend(QStringList names, QWidget* parent) : QWidget(parent), m_names(std::move(names)) {
        setFixedHeight(16);
    }
    QSize sizeHint() const override {
        double width = 0;
        for (const auto& name : m_names)
            width += 22 + QFontMetricsF(interfaceFont(11)).horizontalAdvance(name);
        return {static_cast<int>(std::ceil(width)), 16};
    }
    QSize minimumSizeHint() const override { return {40, 16}; }

 protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        painter.setFont(interfaceFont(11));
        double x = 0;
        for (int part = 0; part < static_cast<int>(m_names.size()); ++part) {
            painter.fillRect(QRectF(x, 4, 8, 8), ShareChart::color(part));
            painter.setPen(ui::palette().secondaryText);
            painter.drawText(QRectF(x + 12, 0, width() - x - 12, 16), Qt::AlignLeft | Qt::AlignVCenter,
                             m_names[part]);
            x += 22 + QFontMetricsF(painter.font()).horizontalAdvance(m_names[part]);
        }
    }

 private:
    QStringList m_names;
};

// What is kept of all heads; the profiles are not, they are as long as the text.
struct Distances {
    std::vector<LayerPositions> layers;
    std::vector<HeadPositions> heads;  // without profiles
};

class PositionalPane final : public Pane {
 public:
    static QString tr(const char* text) { return QCoreApplication::translate("PositionalPane", text); }
    PositionalPane(Workspace& workspace, QWidget* parent);
    QWidget* picture() const override { return bodyShown() && !m_found.layers.empty() ? m_inner : nullptr; }
    QString values() const override;

 private:
    void refresh(unsigned changes) override;
    void makeControls();
    QWidget* headed(const QString& title, QWidget* note, ChartView* chart);
    void measure();
    void measureProfile();
    void showFound();
    void showChosen();
    void showCaption();
    void step(int across, int up);
    void click(HeadId head, Qt::KeyboardModifiers modifiers);
    void fail(const Error& error);
    const HeadPositions* positionsOf(HeadId head) const;

    QSpinBox *m_local, *m_medium;
    Segments* m_axis;
    QWidget* m_inner;
    ShareChart* m_shares;
    ProfileChart* m_profile;
    HeadDots* m_dots;
    ElidingLabel* m_profileNote;
    std::shared_ptr<const AttentionSource> m_source;
    Distances m_found;
    QString m_reading;  // of the place under the pointer
    bool m_axisChosen = false;
};

PositionalPane::PositionalPane(Workspace& shared, QWidget* parent)
    : Pane(shared, "positional", kRun | kSource | kHead | kChosen | kHoverHead | kRunning | kTheme, parent) {
    makeControls();
    auto* scroll = new QScrollArea(this);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus);
    m_inner = new QWidget(scroll);
    m_inner->setAccessibleName(tr("Attention by distance"));
    auto* column = new QVBoxLayout(m_inner);
    column->setContentsMargins(0, 2, 0, 4);
    column->setSpacing(2);
    m_shares = new ShareChart(tr("Shares of attention by distance, by layer"), m_inner);
    m_profile = new ProfileChart(tr("Mean weight by distance, of the shown head"), m_inner);
    m_dots = new HeadDots(tr("Mean distance of every head by layer"), m_inner);
    m_profileNote = new ElidingLabel("caption", m_inner);
    column->addWidget(
        headed(tr("Shares by layer"), new ShareLegend({tr("local"), tr("medium"), tr("global")}, m_inner),
               m_shares->view()),
        1);
    column->addWidget(headed(tr("Weight by distance"), m_profileNote, m_profile->view()), 1);
    column->addWidget(headed(tr("Mean distance by layer"),
                             plainLabel(tr("dot = head, line = mean"), "caption", m_inner), m_dots->view()),
                      1);
    scroll->viewport()->setAutoFillBackground(false);
    scroll->setWidget(m_inner);
    m_inner->setAutoFillBackground(false);
    setBody(scroll);
    addCaption();

    const auto read = [this](const QString& words) {
        m_reading = words;
        showCaption();
    };
    connect(m_shares->view(), &ChartView::clicked, this,
            [this](const QPointF& at, Qt::KeyboardModifiers keys) {
                if (const auto layer = m_shares->layerAt(at)) click({*layer, workspace().head().head}, keys);
            });
    connect(m_shares->view(), &ChartView::hovered, this, [this, read](std::optional<QPointF> at) {
        const auto layer = at ? m_shares->layerAt(*at) : std::nullopt;
        if (!layer) return read({});
        const auto& shares = m_found.layers[static_cast<std::size_t>(*layer)];
        read(tr("Layer %1: local %2, medium %3, global %4")
                 .arg(*layer)
                 .arg(percentText(shares.local), percentText(shares.medium), percentText(shares.global)));
    });
    connect(m_profile->view(), &ChartView::hovered, this, [this, read](std::optional<QPointF> at) {
        const auto distance = at ? m_profile->distanceAt(*at) : std::nullopt;
        const auto profile = distance ? m_profile->at(*distance) : std::nullopt;
        if (!profile) return read({});
        read(tr("Distance %1: %2, even %3")
                 .arg(countText(*distance), weightText(profile->first), weightText(profile->second)));
    });
    connect(m_dots->view(), &ChartView::clicked, this, [this](const QPointF& at, Qt::KeyboardModifiers keys) {
        if (const auto head = m_dots->headAt(at)) click(*head, keys);
    });
    connect(m_dots->view(), &ChartView::hovered, this, [this](std::optional<QPointF> at) {
        workspace().setHoveredHead(at ? m_dots->headAt(*at) : std::nullopt);
    });
    for (auto* view : {m_shares->view(), m_profile->view(), m_dots->view()})
        connect(view, &ChartView::stepped, this, &PositionalPane::step);
}

void PositionalPane::makeControls() {
    QBoxLayout* row = &controls();
    row->parentWidget()->setMinimumWidth(1);
    const auto spin = [&](const QString& name, const char* key, int value) {
        auto* label = new ElidingLabel("secondary", this);
        label->setText(name);
        row->addWidget(label);
        auto* box = new QSpinBox(this);
        box->setRange(0, 99'999);
        box->setAccessibleName(name);
        box->setButtonSymbols(QAbstractSpinBox::NoButtons);
        box->setMaximumWidth(48);
        box->setValue(QSettings(stateFile(), QSettings::IniFormat).value(key, value).toInt());
        box->setKeyboardTracking(false);
        connect(box, &QSpinBox::valueChanged, this, [this, key](int distance) {
            QSettings(stateFile(), QSettings::IniFormat).setValue(key, distance);
            m_source.reset();
            noteChange(kSource);
        });
        row->addWidget(box);
        return box;
    };
    m_local = spin(tr("Local to"), "positional/local", PositionalOptions().localUpTo);
    m_medium = spin(tr("medium to"), "positional/medium", PositionalOptions().mediumUpTo);
    row->addStretch(1);
    m_axis = new Segments(tr("Scale of the distance"), {tr("Linear"), tr("Log")}, this);
    row->addWidget(m_axis);
    connect(m_axis, &Segments::chosenChanged, this, [this] {
        m_axisChosen = true;
        measureProfile();
    });
}

QWidget* PositionalPane::headed(const QString& title, QWidget* note, ChartView* chart) {
    auto* whole = new QWidget(m_inner);
    auto* column = new QVBoxLayout(whole);
    column->setContentsMargins(0, 0, 6, 0);
    column->setSpacing(0);
    auto* heading = new QHBoxLayout;
    heading->setContentsMargins(12, 4, 6, 0);
    heading->addWidget(plainLabel(title, "strong", whole));
    heading->addStretch(1);
    heading->addWidget(note);
    column->addLayout(heading);
    column->addWidget(chart, 1);
    return whole;
}

void PositionalPane::fail(const Error& error) {
    m_found = {};
    m_left->clear();
    m_right->setText({});
    showSentence(QString::fromStdString(error.sentence()));
}

void PositionalPane::refresh(unsigned changes) {
    if ((changes & kTheme) != 0) {
        m_shares->style();
        m_profile->style();
        m_dots->style();
    }
    if ((changes & kRun) != 0) {
        m_source.reset();
        m_found = {};
        m_axisChosen = false;
    }
    if (workspace().isEmpty() || waitsForLayers()) {
        m_source.reset();
        cancel("distances");
        cancel("profile");
        if (!workspace().isEmpty()) return;
        m_left->clear();
        m_right->setText({});
        return showSentence(tr("Open a session or run a text to see how far its heads look."));
    }
    if (workspace().headsSource() != m_source) return measure();
    if ((changes & kHead) != 0) measureProfile();
    if (m_found.layers.empty()) return;
    showChosen();
}

void PositionalPane::measure() {
    m_source = workspace().headsSource();
    const auto& info = m_source->info();
    if (!info.square())
        return fail(unsupported("Distances have no meaning between the tokens of two texts", {},
                                "Choose the encoder's or the decoder's own attention in the heatmap"));
    if (!m_axisChosen) m_axis->choose(info.keys > kLogarithmicFrom ? 1 : 0);
    if (m_found.layers.empty()) showSentence(tr("Measuring distances…"));
    PositionalOptions options;
    options.localUpTo = m_local->value();
    options.mediumUpTo = std::max(m_local->value(), m_medium->value());
    using Shared = std::shared_ptr<const Distances>;
    compute(
        "distances",
        [source = m_source, options,
         progress = progressOf("distances")](std::stop_token stop) -> Result<Shared> {
            Distances distances;
            // A layer at a time: the profiles of all heads of a long text would fill the memory.
            for (int layer = 0; layer < source->layersReady(); ++layer) {
                progress({"Distances of layer " + std::to_string(layer),
                          static_cast<double>(layer) / source->layersReady()});
                PositionalOptions one = options;
                one.layers = {layer};
                auto found = positionalAttention(*source, one, {}, stop);
                if (!found) return found.error();
                distances.layers.push_back(found->layerPositions.front());
                for (auto& head : found->headPositions) {
                    head.weightByDistance = {};
                    head.uniformByDistance = {};
                    distances.heads.push_back(std::move(head));
                }
            }
            return std::make_shared<const Distances>(std::move(distances));
        },
        [this](Result<Shared> found) {
            if (!found) return fail(found.error());
            m_found = **found;
            showFound();
        });
    measureProfile();
}

void PositionalPane::measureProfile() {
    const HeadId head = workspace().head();
    if (!m_source || !m_source->info().square() || head.layer >= m_source->layersReady()) return;
    compute(
        "profile",
        [source = m_source, head](std::stop_token stop) {
            return positionalAttention(*source, {.layers = {head.layer}, .heads = {head.head}}, {}, stop);
        },
        [this, head](Result<Positions> found) {
            if (!found) return;
            const auto& one = found->headPositions.front();
            m_profile->setProfile(one.weightByDistance, one.uniformByDistance, m_axis->chosen() == 1);
            m_profileNote->setText(tr("line = L%1 H%2, dashed = even%3")
                                       .arg(head.layer)
                                       .arg(head.head)
                                       .arg(m_profile->binned() > 1 ? tr(", means") : QString()));
        });
}

void PositionalPane::showFound() {
    m_shares->setShares(m_found.layers);
    std::vector<double> distances;
    for (const auto& head : m_found.heads) distances.push_back(head.meanDistance);
    m_dots->setValues(static_cast<int>(m_found.layers.size()), m_source->info().heads, std::move(distances));
    showBody();
    showChosen();
}

const HeadPositions* PositionalPane::positionsOf(HeadId head) const {
    const auto at =
        m_source ? static_cast<std::size_t>(head.layer) * static_cast<std::size_t>(m_source->info().heads) +
                       static_cast<std::size_t>(head.head)
                 : m_found.heads.size();
    return at < m_found.heads.size() ? &m_found.heads[at] : nullptr;
}

void PositionalPane::showChosen() {
    const auto& selection = workspace().selection();
    m_shares->setChosen(selection.head.layer);
    m_dots->setChosen(selection.heads, selection.head, workspace().hoveredHead());
    showCaption();
}

void PositionalPane::showCaption() {
    if (!m_source || m_found.layers.empty()) return;
    const HeadId head = workspace().hoveredHead().value_or(workspace().head());
    const auto* positions = positionsOf(head);
    QString words;
    if (positions) {
        const double distance = positions->meanDistance;
        words = tr("L%1 H%2 mean distance %3")
                    .arg(head.layer)
                    .arg(head.head)
                    .arg(scoreText(distance, distance >= 100 ? 0 : 2));
        const auto layer = static_cast<std::size_t>(head.layer);
        for (auto* view : {m_shares->view(), m_profile->view(), m_dots->view()})
            view->setDescription(words + ", " +
                                 tr("local %1, medium %2, global %3 of its layer")
                                     .arg(percentText(m_found.layers[layer].local),
                                          percentText(m_found.layers[layer].medium),
                                          percentText(m_found.layers[layer].global)));
    }
    m_left->setText(m_reading.isEmpty() ? words : m_reading);
    QStringList right;
    if (m_source->info().renormalized) right << tr("renormalized");
    if (m_source->layersReady() < m_source->info().layers)
        right << tr("%1 of %2 layers").arg(m_source->layersReady()).arg(m_source->info().layers);
    if (right.isEmpty() && m_reading.isEmpty()) right << tr("masked cells left out");
    m_right->setText(right.join(" · "));
}

void PositionalPane::step(int across, int up) {
    const HeadId now = workspace().head();
    workspace().setHead({now.layer + across, now.head + up});
}

void PositionalPane::click(HeadId head, Qt::KeyboardModifiers modifiers) {
    if (modifiers.testFlag(Qt::ControlModifier)) return workspace().toggleHead(head);
    if (modifiers.testFlag(Qt::ShiftModifier)) return workspace().extendHeads(head);
    workspace().setHead(head);
}

QString PositionalPane::values() const {
    if (!bodyShown() || m_found.layers.empty()) return {};
    QString text = "layer\thead\tlocal\tmedium\tglobal\tfirst_token\tlast_token\tmean_distance\n";
    const int heads = m_source->info().heads;
    for (std::size_t at = 0; at < m_found.heads.size(); ++at) {
        const auto& head = m_found.heads[at];
        text += QString("%1\t%2").arg(static_cast<int>(at) / heads).arg(static_cast<int>(at) % heads);
        for (const double value :
             {head.local, head.medium, head.global, head.firstToken, head.lastToken, head.meanDistance})
            text += "\t" + (std::isfinite(value) ? QString::number(value, 'g', 9) : QString());
        text += "\n";
    }
    return text;
}

Pane* create(Workspace& workspace, QWidget* parent) {
    return new PositionalPane(workspace, parent);
}

}  // namespace

extern const PaneDescriptor kPositionalPane{
    .id = "positional",
    .title = QT_TRANSLATE_NOOP("Pane", "Positional"),
    .accessible = QT_TRANSLATE_NOOP("Pane", "Attention by distance: shares, profile, mean distances"),
    .place = PanePlace::rightBottom,
    .create = &create};

}  // namespace attnviz::ui
