#include "ui/panes/flow_controls.h"

#include <QBoxLayout>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpressionValidator>
#include <QSettings>
#include <QToolButton>
#include <algorithm>
#include <array>

#include "ui/state/file_controller.h"
#include "ui/theme/appearance.h"
#include "ui/theme/icons.h"
#include "ui/widgets/eliding_label.h"
#include "ui/widgets/pane_parts.h"
#include "ui/widgets/segments.h"

namespace attnviz::ui {
namespace {

constexpr std::array kTops{1, 3, 5};
constexpr int kPathWidth = 110;  // a longer token is elided before words go
enum Keep { threshold = 3, mass = 4 };

// "0.05", not "0.0500".
class ShortNumber final : public QDoubleSpinBox {
 public:
    using QDoubleSpinBox::QDoubleSpinBox;
    QString textFromValue(double value) const override { return QString::number(value, 'g', 4); }
};

QString rangeText(int first, int last) {
    return first == last ? QString::number(first) : QString("%1–%2").arg(first).arg(last);
}

const QRegularExpression& rangePattern() {
    static const QRegularExpression pattern(QStringLiteral("\\s*(\\d{1,4})\\s*(?:[-–]\\s*(\\d{1,4}))?\\s*"));
    return pattern;
}

QComboBox* shrinking(QWidget* parent, const QString& name) {
    auto* box = new QComboBox(parent);
    box->setAccessibleName(name);
    box->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    box->setMinimumWidth(64);
    return box;
}

}  // namespace

FlowControls::FlowControls(QBoxLayout& row, QWidget* parent) : QObject(parent), m_row(&row) {
    const QSettings kept(stateFile(), QSettings::IniFormat);
    const auto word = [&](const QString& text) {
        auto* label = plainLabel(text, "secondary", parent);
        row.addWidget(label);
        m_words << label;
        return label;
    };
    word(tr("Weights"));
    m_weights = shrinking(parent, tr("Weights of which heads"));
    m_weights->addItems({tr("Mean of heads"), tr("Chosen heads")});
    m_chosenHeads = kept.value("flow/chosenHeads").toBool();
    m_weights->setCurrentIndex(m_chosenHeads ? 1 : 0);
    row.addWidget(m_weights);
    word(tr("Keep"));
    m_keep = shrinking(parent, tr("Which links are kept"));
    for (const int top : kTops) m_keep->addItem(tr("Top %1 per query").arg(top));
    m_keep->addItems({tr("Weights from"), tr("Share of a row")});
    m_keep->setCurrentIndex(std::clamp(kept.value("flow/keep", 1).toInt(), 0, m_keep->count() - 1));
    row.addWidget(m_keep);
    m_threshold = std::clamp(kept.value("flow/threshold", m_threshold).toDouble(), 0.0, 1.0);
    m_mass = std::clamp(kept.value("flow/mass", m_mass).toDouble(), 0.01, 1.0);
    m_amount = new ShortNumber(parent);
    m_amount->setDecimals(4);
    m_amount->setButtonSymbols(QAbstractSpinBox::NoButtons);
    m_amount->setKeyboardTracking(false);
    m_amount->setFixedWidth(58);
    row.addWidget(m_amount);
    m_layersWord = word(tr("Layers"));
    m_layers = new QComboBox(parent);
    m_layers->setEditable(true);
    m_layers->setInsertPolicy(QComboBox::NoInsert);
    m_layers->setFixedWidth(80);
    m_layers->lineEdit()->setValidator(new QRegularExpressionValidator(rangePattern(), this));
    row.addWidget(m_layers);
    m_pathWord = plainLabel(tr("Path of"), "secondary", parent);
    row.addWidget(m_pathWord);
    m_path = new ElidingLabel("strong", parent);
    row.addWidget(m_path);
    m_clear = new QToolButton(parent);
    m_clear->setToolTip(tr("Show the flow of all tokens (Esc)"));
    m_clear->setAccessibleName(tr("Show the flow of all tokens"));
    m_clear->setAutoRaise(true);
    m_clear->setIconSize({12, 12});
    m_clear->setFocusPolicy(Qt::TabFocus);
    row.addWidget(m_clear);
    row.addStretch(1);
    m_view = new Segments(tr("View"), {tr("Sankey"), tr("Bipartite"), tr("Rollout")}, parent);
    m_view->choose(std::clamp(kept.value("flow/view").toInt(), 0, 2));
    m_view->button(0)->setToolTip(tr("Layers are columns, tokens are nodes, kept links are ribbons"));
    m_view->button(1)->setToolTip(tr("One layer: its queries and its keys"));
    m_view->button(2)->setToolTip(
        tr("With the residual stream: (A + I) / 2, multiplied from the top layer down"));
    row.addWidget(m_view);
    restyle();
    showAmount();

    connect(m_weights, &QComboBox::activated, this, [this](int index) {
        m_chosenHeads = index == 1;
        remember("chosenHeads", m_chosenHeads);
        emit changed();
    });
    connect(m_keep, &QComboBox::currentIndexChanged, this, [this](int index) {
        remember("keep", index);
        showAmount();
        emit changed();
    });
    connect(m_amount, &QDoubleSpinBox::valueChanged, this, [this](double value) {
        const bool share = m_keep->currentIndex() == mass;
        (share ? m_mass : m_threshold) = value;
        remember(share ? "mass" : "threshold", value);
        emit changed();
    });
    connect(m_layers, &QComboBox::activated, this, &FlowControls::takeLayers);
    connect(m_layers->lineEdit(), &QLineEdit::editingFinished, this, &FlowControls::takeLayers);
    connect(m_clear, &QToolButton::clicked, this, &FlowControls::pathCleared);
    connect(m_view, &Segments::chosenChanged, this, [this](int index) {
        remember("view", index);
        emit changed();
    });
}

void FlowControls::remember(const char* key, const QVariant& value) {
    QSettings(stateFile(), QSettings::IniFormat).setValue(QString("flow/%1").arg(key), value);
}

FlowPaneView FlowControls::view() const {
    return static_cast<FlowPaneView>(m_view->chosen());
}

bool FlowControls::chosenHeads() const {
    return m_weights->isEnabled() && m_weights->currentIndex() == 1;
}

LinkOptions FlowControls::keep(int keys) const {
    LinkOptions options;
    const int index = m_keep->currentIndex();
    options.perRow = index < threshold ? kTops[static_cast<std::size_t>(std::max(0, index))] : keys;
    if (index == threshold) options.atLeast = m_threshold;
    if (index == mass) options.mass = m_mass;
    return options;
}

QString FlowControls::keepText() const {
    const int index = m_keep->currentIndex();
    if (index == threshold) return tr("weights from %1").arg(m_threshold);
    if (index == mass) return tr("%1 of each row").arg(m_mass);
    return tr("top %1 per query").arg(kTops[static_cast<std::size_t>(std::max(0, index))]);
}

std::pair<int, int> FlowControls::layers(int ready) const {
    const int last = std::max(0, ready - 1);
    if (!m_range) return {0, last};
    return {std::min(m_range->first, last), std::min(m_range->second, last)};
}

void FlowControls::showAmount() {
    const int index = m_keep->currentIndex();
    m_amount->setVisible(index >= threshold);
    const QSignalBlocker quiet(m_amount);
    const bool share = index == mass;
    m_amount->setRange(share ? 0.01 : 0, 1);
    m_amount->setSingleStep(share ? 0.05 : 0.01);
    m_amount->setValue(share ? m_mass : m_threshold);
    const QString name =
        share ? tr("Links of a row until they carry this share of it") : tr("Smallest weight that is kept");
    m_amount->setAccessibleName(name);
    m_amount->setToolTip(name);
}

void FlowControls::showHeads(int heads, int chosen, const QString& combined) {
    m_weights->setEnabled(combined.isEmpty());
    m_weights->setItemText(0, combined.isEmpty()
                                  ? (heads == 1 ? tr("The only head") : tr("Mean of %1 heads").arg(heads))
                                  : combined.left(1).toUpper() + combined.mid(1));
    m_weights->setItemText(1, chosen == 1 ? tr("The chosen head") : tr("%1 chosen heads").arg(chosen));
    m_weights->setToolTip(combined.isEmpty()
                              ? tr("A layer without a chosen head has the mean of all its heads")
                              : tr("The view bar combines heads"));
    m_weights->setCurrentIndex(combined.isEmpty() && m_chosenHeads ? 1 : 0);
}

void FlowControls::showLayers(int ready, int current) {
    if (m_layers->lineEdit()->isModified() && m_layers->hasFocus()) return;  // somebody types
    if (ready < m_ready && m_range && m_range->second >= ready) m_range.reset();
    m_ready = ready;
    const bool one = view() == FlowPaneView::bipartite;
    m_layersWord->setText(one ? tr("Layer") : tr("Layers"));
    m_layers->setAccessibleName(one ? tr("Layer") : tr("Layers, as first–last"));
    m_layers->setToolTip(one ? QString() : tr("First and last layer: 0–%1").arg(std::max(0, ready - 1)));
    QStringList items;
    if (one) {
        for (int layer = 0; layer < ready; ++layer) items << QString::number(layer);
    } else if (ready > 0) {
        items << rangeText(0, ready - 1);
        const int part = ready <= 24 ? (ready + 1) / 2 : 12;
        if (ready >= 4)
            for (int first = 0; first < ready; first += part)
                items << rangeText(first, std::min(ready, first + part) - 1);
    }
    const auto [first, last] = layers(ready);
    QStringList before;
    for (int i = 0; i < m_layers->count(); ++i) before << m_layers->itemText(i);
    if (items != before) {
        m_layers->clear();
        m_layers->addItems(items);
    }
    m_layers->setEditText(ready == 0 ? QString()
                          : one      ? QString::number(std::min(current, ready - 1))
                                     : rangeText(first, last));
    m_layers->setEnabled(ready > 0);
}

void FlowControls::takeLayers() {
    const auto match = QRegularExpression(QRegularExpression::anchoredPattern(rangePattern().pattern()))
                           .match(m_layers->currentText());
    m_layers->lineEdit()->setModified(false);
    if (!match.hasMatch() || m_ready == 0) {
        emit changed();  // writes what holds
        return;
    }
    int first = std::min(match.captured(1).toInt(), m_ready - 1);
    int last = match.captured(2).isEmpty() ? first : std::min(match.captured(2).toInt(), m_ready - 1);
    if (first > last) std::swap(first, last);
    if (view() == FlowPaneView::bipartite) {
        emit layerChosen(first);
        return;
    }
    std::optional<std::pair<int, int>> range{{first, last}};
    if (first == 0 && last == m_ready - 1) range.reset();  // all, of a longer run too
    m_range = range;
    emit changed();
}

void FlowControls::showPath(const QString& token) {
    m_path->setText(token.isEmpty() ? tr("all tokens") : token);
    m_clear->setVisible(!token.isEmpty());
    restyle();
    setWidth(m_width);
}

void FlowControls::restyle() {
    const auto& p = ui::palette();
    const bool chosen = m_clear->isVisibleTo(m_clear->parentWidget());
    m_path->setFont(chosen ? tokenFont(12, QFont::DemiBold) : interfaceFont(12));
    m_path->setStyleSheet(QString("color: %1; font-weight: %2")
                              .arg((chosen ? p.accent : p.secondaryText).name(), chosen ? "600" : "400"));
    m_clear->setIcon(icon(Icon::close, IconColor::secondary));
}

void FlowControls::setWidth(int width) {
    m_width = width;
    const auto show = [this](bool words, bool pathWord, bool path) {
        for (auto* label : m_words) label->setVisible(words);
        m_pathWord->setVisible(pathWord);
        m_path->setVisible(path);
        m_weights->show();
        m_keep->show();
    };
    const auto fits = [this] {
        int needed = m_row->contentsMargins().left() + m_row->contentsMargins().right();
        for (int i = 0; i < m_row->count(); ++i) {
            const auto* widget = m_row->itemAt(i)->widget();
            if (!widget || widget->isHidden()) continue;
            const int wished = widget == m_path ? std::min(widget->sizeHint().width(), kPathWidth)
                                                : widget->sizeHint().width();
            needed += std::clamp(wished, widget->minimumWidth(), widget->maximumWidth()) + m_row->spacing();
        }
        return needed <= m_width;
    };
    show(true, true, true);
    if (!fits()) show(false, true, true);
    if (!fits()) show(false, false, true);
    if (!fits()) show(false, false, false);
    // What gives way last: which heads, then which links. The views stay.
    if (!fits()) m_weights->hide();
    if (!fits()) m_keep->hide();
}

}  // namespace attnviz::ui
