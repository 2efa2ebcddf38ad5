// Head clustering: heads that do alike, as a map or a tree, with silhouettes and a table of the clusters. A
// point shows its pattern, and what is chosen here is chosen everywhere.
#include <QAbstractItemView>
#include <QComboBox>
#include <QCoreApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QSettings>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/analysis/clusters.h"
#include "ui/panes/cluster_body.h"
#include "ui/panes/pane.h"
#include "ui/panes/panes.h"
#include "ui/state/file_controller.h"
#include "ui/state/filtering.h"
#include "ui/state/role_names.h"
#include "ui/theme/appearance.h"
#include "ui/widgets/eliding_label.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/overview_image.h"
#include "ui/widgets/pane_parts.h"
#include "ui/widgets/segments.h"

namespace attnviz::ui {
namespace {

using Distances = std::shared_ptr<const HeadDistances>;

constexpr int kFewestHeads = 3, kMostClusters = 10, kWide = 860, kLow = 300, kLabelled = 410,
              kTableWide = 720;

enum class Among { all, layers, heads };

class ClustersPane final : public Pane {
 public:
    static QString tr(const char* text) { return QCoreApplication::translate("ClustersPane", text); }
    ClustersPane(Workspace& workspace, QWidget* parent);
    QWidget* picture() const override { return bodyShown() && m_found ? m_body->picture() : nullptr; }
    QString values() const override;

 protected:
    void resizeEvent(QResizeEvent* event) override;

 private:
    void refresh(unsigned changes) override;
    void makeControls();
    QComboBox* choice(const char* key, const QString& label, const QStringList& names, QBoxLayout* row);
    void makeBody();
    void arrange();

    void forget();
    void take(Among among);  // the heads that are chosen now
    void measure();
    void group();
    void judge();
    void fail(const Error& error);
    void showFound();
    void showChosen();
    void showHovered();
    void showCaption();
    void click(HeadId head, Qt::KeyboardModifiers modifiers);
    void choose(const std::vector<HeadId>& heads, std::optional<HeadId> middle,
                Qt::KeyboardModifiers modifiers);
    std::vector<HeadRole> rolesOfFound() const;
    std::size_t indexOf(HeadId head) const;  // of all heads, by layer
    attnviz::HeadMetric metric() const {
        return m_distance->currentIndex() == 1 ? attnviz::HeadMetric::features
                                               : attnviz::HeadMetric::jensenShannon;
    }
    HeadLayout layoutChosen() const { return static_cast<HeadLayout>(m_layout->currentIndex()); }
    bool needsFeatures() const {
        return metric() == attnviz::HeadMetric::features || layoutChosen() == HeadLayout::components;
    }

    QComboBox *m_distance, *m_layout, *m_count, *m_method, *m_among;
    Segments* m_view;
    QWidget *m_group, *m_secondRow;
    QList<QWidget*> m_labels;
    ClusterBody* m_body;

    // What was measured, of this source; null while it is not there.
    std::shared_ptr<const AttentionSource> m_source;
    Distances m_divergences, m_features, m_grouped;
    std::vector<HeadRole> m_roles;  // of all heads, by layer and head
    std::shared_ptr<const HeadClusters> m_found;
    std::vector<HeadId> m_some;  // that are looked at; empty: all
    bool m_measuring = false, m_judging = false;
};

ClustersPane::ClustersPane(Workspace& shared, QWidget* parent)
    : Pane(shared, "clusters", kRun | kSource | kChosen | kHoverHead | kRunning | kTheme | kView, parent) {
    makeBody();
    makeControls();
    addCaption();
    arrange();
}

QComboBox* ClustersPane::choice(const char* key, const QString& label, const QStringList& names,
                                QBoxLayout* row) {
    auto* text = plainLabel(label, "secondary", this);
    auto* box = new QComboBox(this);
    box->setAccessibleName(label);
    box->setToolTip(label);
    box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    box->setMinimumContentsLength(4);
    box->addItems(names);
    row->addWidget(text);
    row->addWidget(box);
    m_labels << text;
    if (!key) return box;
    const QString setting = QString("clusters/%1").arg(key);
    const int kept = QSettings(stateFile(), QSettings::IniFormat).value(setting, 0).toInt();
    box->setCurrentIndex(std::clamp(kept, 0, static_cast<int>(names.size()) - 1));
    connect(box, &QComboBox::currentIndexChanged, this, [this, setting](int index) {
        QSettings(stateFile(), QSettings::IniFormat).setValue(setting, index);
        noteChange(kView);
    });
    return box;
}

void ClustersPane::makeControls() {
    QBoxLayout* row = &controls();
    row->parentWidget()->setMinimumWidth(1);
    m_distance = choice("distance", tr("Distance"), {tr("Jensen–Shannon"), tr("Features")}, row);
    m_layout = choice("map", tr("Map"), {tr("MDS"), tr("PCA"), tr("t-SNE")}, row);
    QStringList counts{tr("Auto")};
    for (int k = 2; k <= kMostClusters; ++k) counts << QString::number(k);
    m_count = choice("k", tr("k"), counts, row);
    row->addStretch(1);

    m_group = new QWidget(this);
    auto* more = new QHBoxLayout(m_group);
    more->setContentsMargins(0, 0, 0, 0);
    more->setSpacing(8);
    m_view = new Segments(tr("What the heads are drawn as"), {tr("Map"), tr("Tree")}, this);
    more->addWidget(m_view);
    m_method = choice("method", tr("Method"), {tr("k-means"), tr("avg. linkage")}, more);
    m_among = choice(nullptr, tr("Heads"), {tr("All"), tr("Chosen layers"), tr("Chosen heads")}, more);
    m_among->view()->setMinimumWidth(130);
    more->addStretch(1);
    m_secondRow->layout()->addWidget(m_group);
    m_view->choose(QSettings(stateFile(), QSettings::IniFormat).value("clusters/view", 0).toInt() == 1 ? 1
                                                                                                       : 0);
    m_body->setTreeShown(m_view->chosen() == 1);
    connect(m_view, &Segments::chosenChanged, this, [this](int index) {
        QSettings(stateFile(), QSettings::IniFormat).setValue("clusters/view", index);
        m_body->setTreeShown(index == 1);
        showCaption();
    });
    // Chosen again: what is chosen now.
    take(Among::all);
    connect(m_among, &QComboBox::activated, this, [this](int index) {
        take(static_cast<Among>(index));
        noteChange(kView);
    });
}

void ClustersPane::makeBody() {
    auto* body = new QWidget(this);
    auto* column = new QVBoxLayout(body);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_secondRow = new QWidget(body);
    m_secondRow->setFixedHeight(32);
    auto* second = new QHBoxLayout(m_secondRow);
    second->setContentsMargins(12, 0, 8, 6);
    column->addWidget(m_secondRow);
    m_body = new ClusterBody(body);
    column->addWidget(m_body, 1);
    setBody(body);
    connect(m_body, &ClusterBody::headClicked, this, &ClustersPane::click);
    connect(m_body, &ClusterBody::headsClicked, this, &ClustersPane::choose);
    connect(m_body, &ClusterBody::headHovered, &workspace(), &Workspace::setHoveredHead);
    connect(m_body, &ClusterBody::countChosen, this, [this](int k) { m_count->setCurrentIndex(k - 1); });
}

// Controls are in one row where the pane is wide, or too low for two; words beside them where there is room.
void ClustersPane::arrange() {
    const bool single = height() < kLow || width() >= kWide;
    for (auto* label : m_labels) label->setVisible(single ? width() >= kWide + 160 : width() >= kLabelled);
    if (single != !m_secondRow->isHidden()) return;
    if (single)
        controls().insertWidget(controls().count() - 1, m_group);
    else
        m_secondRow->layout()->addWidget(m_group);
    m_secondRow->setVisible(!single);
}

void ClustersPane::resizeEvent(QResizeEvent* event) {
    Pane::resizeEvent(event);
    arrange();
}

void ClustersPane::forget() {
    m_divergences.reset();
    m_features.reset();
    m_grouped.reset();
    m_roles.clear();
    m_measuring = m_judging = false;
    for (const char* tag : {"distances", "groups", "roles"}) cancel(tag);
}

void ClustersPane::refresh(unsigned changes) {
    if ((changes & kRun) != 0) {
        forget();
        m_source.reset();
        m_found.reset();
        take(Among::all);
        m_body->setClusters(nullptr, {});
    }
    if (workspace().isEmpty() || waitsForLayers()) {
        forget();
        m_source.reset();
        if (!workspace().isEmpty()) return;
        m_left->clear();
        m_right->setText({});
        return showSentence(tr("Open a session or run a text to see which heads do alike."));
    }
    const auto& source = workspace().headsSource();
    if (source != m_source) {
        forget();
        m_source = source;
    }
    const qsizetype heads = m_some.empty()
                                ? static_cast<qsizetype>(source->layersReady()) * source->info().heads
                                : static_cast<qsizetype>(m_some.size());
    if (heads < kFewestHeads) {
        m_found.reset();
        m_left->clear();
        m_right->setText({});
        return showSentence(m_some.empty()
                                ? tr("Fewer than three heads make no clusters.")
                                : tr("Choose three heads or more in Heads, then choose them here again."));
    }
    if ((changes & ~(kChosen | kHoverHead | kTheme)) != 0) measure();
    if (m_found) {
        if ((changes & (kTheme | kChosen)) != 0) showChosen();
        if ((changes & kHoverHead) != 0) showHovered();
    }
}

void ClustersPane::take(Among among) {
    m_some.clear();
    const auto& selection = workspace().selection();
    QString layersName = tr("Chosen layers"), headsName = tr("Chosen heads");
    const auto& source = workspace().headsSource();
    if (among == Among::layers && source) {
        QStringList names;
        for (int layer = 0; layer < source->layersReady(); ++layer) {
            if (selection.headsOf(layer).empty()) continue;
            names << QString::number(layer);
            for (int head = 0; head < source->info().heads; ++head) m_some.push_back({layer, head});
        }
        layersName =
            names.size() == 1 ? tr("Layer %1").arg(names.first()) : tr("Layers %1").arg(names.join(", "));
    } else if (among == Among::heads) {
        m_some = selection.heads;
        headsName = tr("%1 chosen").arg(m_some.size());
    }
    m_among->setItemText(1, layersName);
    m_among->setItemText(2, headsName);
    m_among->setCurrentIndex(static_cast<int>(among));
    m_among->setMaximumWidth(
        static_cast<int>(QFontMetricsF(m_among->font()).horizontalAdvance(m_among->currentText())) + 40);
}

void ClustersPane::fail(const Error& error) {
    m_found.reset();
    m_left->clear();
    m_right->setText({});
    showSentence(QString::fromStdString(error.sentence()));
}

// Distances of all heads, read once of a source; those among some are a part of them.
void ClustersPane::measure() {
    const bool divergences = metric() == attnviz::HeadMetric::jensenShannon;
    const bool wanted = (divergences && !m_divergences) || (needsFeatures() && !m_features);
    if (!wanted) return group();
    if (m_measuring) return;  // it looks again at what is wanted when it is there
    m_measuring = true;
    if (!m_found) showSentence(tr("Comparing heads…"));
    const auto metric =
        divergences && !m_divergences ? attnviz::HeadMetric::jensenShannon : attnviz::HeadMetric::features;
    std::vector<int> layers(static_cast<std::size_t>(m_source->layersReady()));
    std::iota(layers.begin(), layers.end(), 0);
    compute(
        "distances",
        [run = workspace().run(), source = m_source, layers, metric,
         progress = progressOf("distances")](std::stop_token stop) -> Result<Distances> {
            // The numbers of filtered heads are made when they are asked for; not all of them at once.
            for (const int layer : layers)
                for (int head = 0; head < source->info().heads; ++head)
                    if (auto done = summarizeHead(*source, {layer, head}, stop); !done) return done.error();
            auto found = headDistances(*run, *source, {.layers = layers, .metric = metric}, progress, stop);
            if (!found) return found.error();
            return std::make_shared<const HeadDistances>(*std::move(found));
        },
        [this, metric](Result<Distances> found) {
            m_measuring = false;
            if (!found) return fail(found.error());
            (metric == attnviz::HeadMetric::features ? m_features : m_divergences) = *found;
            measure();
        });
}

void ClustersPane::group() {
    HeadDistances all = *(metric() == attnviz::HeadMetric::features ? m_features : m_divergences);
    if (needsFeatures() && m_features) {
        all.features = m_features->features;
        all.featureCount = m_features->featureCount;
    }
    ClusterOptions options{.layout = layoutChosen(),
                           .method = static_cast<ClusterMethod>(m_method->currentIndex())};
    const int heads = static_cast<int>(m_some.empty() ? all.heads.size() : m_some.size());
    if (m_count->currentIndex() > 0) options.clusters = std::min(heads, m_count->currentIndex() + 1);
    struct Grouped {
        Distances distances;
        std::shared_ptr<const HeadClusters> clusters;
    };
    compute(
        "groups",
        [all = std::make_shared<const HeadDistances>(std::move(all)), some = m_some, options,
         progress = progressOf("groups")](std::stop_token stop) -> Result<Grouped> {
            const Distances among =
                some.empty() ? all : std::make_shared<const HeadDistances>(distancesAmong(*all, some));
            auto found = clusterDistances(*among, options, progress, stop);
            if (!found) return found.error();
            return Grouped{among, std::make_shared<const HeadClusters>(*std::move(found))};
        },
        [this](Result<Grouped> found) {
            if (!found) return fail(found.error());
            m_grouped = found->distances;
            m_found = found->clusters;
            showFound();
            if (m_roles.empty() && !m_judging) judge();
        });
}

void ClustersPane::judge() {
    m_judging = true;
    std::vector<int> layers(static_cast<std::size_t>(m_source->layersReady()));
    std::iota(layers.begin(), layers.end(), 0);
    compute(
        "roles",
        [run = workspace().run(), source = m_source, layers, progress = progressOf("roles")](
            std::stop_token stop) { return headRoles(*run, *source, {.layers = layers}, progress, stop); },
        [this](Result<std::vector<HeadRole>> found) {
            m_judging = false;
            if (!found) return;  // clusters stay numbered
            m_roles = *std::move(found);
            m_body->setRoles(rolesOfFound());
            showChosen();
            showCaption();
        });
}

void ClustersPane::showFound() {
    m_body->setClusters(m_found, rolesOfFound());
    m_count->setItemText(
        0, m_count->currentIndex() == 0 ? tr("Auto (%1)").arg(m_found->clusters.size()) : tr("Auto"));
    showChosen();
    showHovered();
    showCaption();
    showBody();
}

std::vector<HeadRole> ClustersPane::rolesOfFound() const {
    std::vector<HeadRole> roles;
    if (!m_found || !m_source) return roles;
    for (const auto& place : m_found->heads)
        if (const auto at = indexOf(place.head); at < m_roles.size()) roles.push_back(m_roles[at]);
    return roles;
}

std::size_t ClustersPane::indexOf(HeadId head) const {
    return static_cast<std::size_t>(head.layer) * static_cast<std::size_t>(m_source->info().heads) +
           static_cast<std::size_t>(head.head);
}

void ClustersPane::showChosen() {
    m_body->setChosen(workspace().selection().heads, workspace().selection().head);
}

// The point lights up, whoever's pointer is over its head, and the card stands beside it.
void ClustersPane::showHovered() {
    const auto head = workspace().hoveredHead();
    m_body->setHovered(head);
    cancel("pattern");
    const auto* place = head ? m_body->placeOf(*head) : nullptr;
    if (!place || !m_source) return;
    QStringList lines;
    if (const auto at = indexOf(*head); at < m_roles.size()) {
        const auto& scores = m_roles[at].scores;
        std::size_t best = 0;
        for (std::size_t score = 0; score < kHeadScores; ++score)
            if (scores[score] > scores[best] || !std::isfinite(scores[best])) best = score;
        lines << scoreName(static_cast<HeadScore>(best)) + " " + scoreText(scores[best]);
    }
    lines << tr("silhouette %1").arg(scoreText(place->silhouette, 2));
    const auto show = [this, head = *head, lines](const Overview* overview) {
        m_body->showCard(
            head, lines,
            overview ? overviewImage(*overview, workspace().sharedScale(), ui::palette().masked) : QImage());
    };
    if (m_source == workspace().rawSource()) return show(&m_source->overview(*head));
    show(nullptr);
    using Pattern = std::shared_ptr<const Overview>;
    compute(
        "pattern",
        [source = m_source, head = *head](std::stop_token stop) -> Result<Pattern> {
            if (auto done = summarizeHead(*source, head, stop); !done) return done.error();
            return std::make_shared<const Overview>(source->overview(head));
        },
        [this, show, head](Result<Pattern> pattern) {
            if (pattern && workspace().hoveredHead() == head) show(pattern->get());
        });
}

void ClustersPane::showCaption() {
    if (!m_found || !m_grouped) return;
    const bool byHand = m_count->currentIndex() > 0;
    const bool means = m_found->method == ClusterMethod::kMeans;
    QStringList left{headCountText(static_cast<qint64>(m_found->heads.size()))};
    left << (means ? tr("k-means++, seed 42") : tr("average linkage"));
    if (!byHand) left << tr("k by silhouette");
    m_left->setText(left.join(", "));
    QStringList right;
    if (m_view->chosen() == 1)
        right << tr("height = mean distance");
    else if (m_found->layout == HeadLayout::neighbours)
        right << tr("perplexity %1, MDS start")
                     .arg(std::min(15.0, (static_cast<double>(m_found->heads.size()) - 1) / 3), 0, 'g', 3);
    else
        right << (m_found->layout == HeadLayout::scaling ? tr("classical MDS") : tr("PCA of features"));
    if (m_grouped->sampled())
        right << tr("compared on %1 of %2 rows")
                     .arg(countText(m_grouped->rows), countText(m_grouped->rowsOfText));
    if (m_source && m_source->info().renormalized) right << tr("renormalized");
    if (m_source && m_source->layersReady() < m_source->info().layers)
        right << tr("%1 of %2 layers").arg(m_source->layersReady()).arg(m_source->info().layers);
    m_right->setText(right.join(" · "));
}

void ClustersPane::click(HeadId head, Qt::KeyboardModifiers modifiers) {
    if (modifiers.testFlag(Qt::ControlModifier)) return workspace().toggleHead(head);
    if (modifiers.testFlag(Qt::ShiftModifier)) return workspace().extendHeads(head);
    workspace().setHead(head);
}

void ClustersPane::choose(const std::vector<HeadId>& heads, std::optional<HeadId> middle,
                          Qt::KeyboardModifiers modifiers) {
    auto all = heads;
    const HeadId now = workspace().head();
    const bool inside = std::ranges::find(heads, now) != heads.end();
    if (modifiers.testFlag(Qt::ControlModifier) || modifiers.testFlag(Qt::ShiftModifier))
        all.insert(all.end(), workspace().selection().heads.begin(), workspace().selection().heads.end());
    workspace().setHeads(std::move(all), middle.value_or(inside ? now : heads.front()));
}

QString ClustersPane::values() const {
    if (!m_found || !bodyShown()) return {};
    QString text = "layer\thead\tcluster\tsilhouette\tx\ty\n";
    const auto number = [](double value) {
        return std::isfinite(value) ? QString::number(value, 'g', 9) : QString();
    };
    for (const auto& place : m_found->heads)
        text += QString("%1\t%2\t%3\t%4\t%5\t%6\n")
                    .arg(place.head.layer)
                    .arg(place.head.head)
                    .arg(place.cluster)
                    .arg(number(place.silhouette), number(place.x), number(place.y));
    return text;
}

Pane* create(Workspace& workspace, QWidget* parent) {
    return new ClustersPane(workspace, parent);
}

}  // namespace

extern const PaneDescriptor kClustersPane{
    .id = "clusters",
    .title = QT_TRANSLATE_NOOP("Pane", "Head clustering"),
    .accessible = QT_TRANSLATE_NOOP("Pane", "Which heads do alike: a map, a tree, silhouettes, clusters"),
    .place = PanePlace::bottom,
    .create = &create};

}  // namespace attnviz::ui
