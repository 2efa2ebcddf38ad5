#include "ui/widgets/view_bar.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPixmap>
#include <QPushButton>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "core/exporting/colormap.h"
#include "ui/theme/appearance.h"
#include "ui/widgets/pane_parts.h"
#include "ui/widgets/segments.h"

namespace attnviz::ui {
namespace {

QIcon swatch(const Colormap& map) {
    QImage image(256, 1, QImage::Format_RGB32);
    for (int i = 0; i < 256; ++i) {
        const Rgb color = map.entries[static_cast<std::size_t>(i)];
        image.setPixel(i, 0, qRgb(color.r, color.g, color.b));
    }
    return QPixmap::fromImage(image.scaled(96, 20));
}

constexpr int kLine = 36;

QFrame* line(QWidget* parent) {
    auto* frame = new QFrame(parent);
    frame->setObjectName("vline");
    return frame;
}

// "0" and "0.05", not "0.0000".
class ShortNumber final : public QDoubleSpinBox {
 public:
    using QDoubleSpinBox::QDoubleSpinBox;
    QString textFromValue(double value) const override { return QString::number(value, 'g', 4); }
};

QDoubleSpinBox* number(QWidget* parent, const QString& name, double most, int decimals, double step) {
    auto* box = new ShortNumber(parent);
    box->setRange(0, most);
    box->setDecimals(decimals);
    box->setSingleStep(step);
    box->setButtonSymbols(QAbstractSpinBox::NoButtons);
    box->setKeyboardTracking(false);
    box->setAccessibleName(name);
    box->setFixedWidth(58);
    return box;
}

}  // namespace

ViewBar::ViewBar(QWidget* parent) : QFrame(parent) {
    setObjectName("viewBar");
    setFixedHeight(kLine);
    auto* lines = new QVBoxLayout(this);
    lines->setContentsMargins(8, 0, 8, 0);
    lines->setSpacing(0);
    setMinimumWidth(1);
    lines->setSizeConstraint(QLayout::SetNoConstraint);
    for (auto** line : {&m_first, &m_second}) {
        auto* held = new QWidget(this);
        held->setFixedHeight(kLine);
        *line = new QHBoxLayout(held);
        (*line)->setContentsMargins(0, 0, 0, 0);
        (*line)->setSpacing(7);
        lines->addWidget(held);
    }
    m_second->addStretch(1);
    m_second->parentWidget()->hide();
    auto* row = m_first;
    const auto caption = [&](const QString& text) {
        m_captions.prepend(plainLabel(text, "secondary", this));
        row->addWidget(m_captions.front());
    };
    caption(tr("Combine"));
    m_combine = new QComboBox(this);
    m_combine->addItems(
        {tr("Single head"), tr("Mean of heads"), tr("Max of heads"), tr("Min of heads"), tr("Sum of heads")});
    m_combine->setAccessibleName(tr("Combine heads"));
    row->addWidget(m_combine);
    caption(tr("Colours"));
    m_colormap = new QComboBox(this);
    m_colormap->setIconSize({48, 10});
    m_colormap->setAccessibleName(tr("Colour map"));
    row->addWidget(m_colormap);
    m_scale = new Segments(tr("Scale"), {tr("Linear"), tr("Log")}, this);
    row->addWidget(m_scale);
    caption(tr("Range"));
    m_range = new QComboBox(this);
    m_range->addItems({tr("0 – 1"), tr("0 – head’s largest"), tr("0 – largest of all"), tr("Custom")});
    m_range->setAccessibleName(tr("Range of the colours"));
    row->addWidget(m_range);
    m_low = number(this, tr("Range from"), 1e6, 4, 0.01);
    m_high = number(this, tr("Range to"), 1e6, 4, 0.01);
    row->addWidget(m_low);
    row->addWidget(m_high);
    m_break = line(this);
    row->addWidget(m_break);
    caption(tr("Keep"));
    m_thresholdKind = new QComboBox(this);
    m_thresholdKind->addItems({tr("weights from"), tr("top k a row"), tr("share of a row")});
    m_thresholdKind->setAccessibleName(tr("Which weights are kept"));
    row->addWidget(m_thresholdKind);
    m_threshold = number(this, tr("Threshold; 0 keeps all"), 1, 4, 0.01);
    row->addWidget(m_threshold);
    row->addWidget(line(this));
    caption(tr("Hide"));
    m_special = new QCheckBox(tr("Specials"), this);
    m_special->setToolTip(tr("Hide the keys that are special tokens"));
    m_sinks = new QCheckBox(tr("Sinks"), this);
    m_sinks->setToolTip(tr("Hide the keys that attract most weight in most heads"));
    m_renormalize = new QCheckBox(tr("Renormalize"), this);
    m_renormalize->setToolTip(tr("Rows of what is left sum to one again"));
    row->addWidget(m_special);
    row->addWidget(m_sinks);
    row->addWidget(m_renormalize);
    row->addWidget(line(this));
    caption(tr("Units"));
    m_units = new Segments(tr("Units"), {tr("Pieces"), tr("Words")}, this);
    row->addWidget(m_units);
    for (int at = row->indexOf(m_break) + 1; at < row->count(); ++at) m_movable << row->itemAt(at)->widget();
    row->addStretch(1);
    m_layout = new QPushButton(this);
    m_layout->setAccessibleName(tr("Layout of the window"));
    row->addWidget(m_layout);
    fillMaps();

    for (auto* box : {m_combine, m_colormap, m_range, m_thresholdKind}) {
        box->setFocusPolicy(Qt::StrongFocus);
        connect(box, &QComboBox::activated, this, &ViewBar::emitChosen);
    }
    for (auto* box : {m_low, m_high, m_threshold})
        connect(box, &QDoubleSpinBox::valueChanged, this, &ViewBar::emitChosen);
    for (auto* box : {m_special, m_sinks, m_renormalize})
        connect(box, &QCheckBox::toggled, this, &ViewBar::emitChosen);
    for (auto* choice : {m_scale, m_units})
        connect(choice, &Segments::chosenChanged, this, &ViewBar::emitChosen);
    setView({});
}

void ViewBar::fillMaps() {
    for (const auto name : colormapNames()) {
        const auto map = findColormap(name);
        const QString text = QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size()));
        if (map && !(*map)->diverging) m_colormap->addItem(swatch(**map), text, text);
    }
}

void ViewBar::setView(const ViewSettings& view) {
    m_quiet = true;
    m_view = view;
    m_combine->setCurrentIndex(static_cast<int>(view.filters.combine));
    m_colormap->setCurrentIndex(std::max(0, m_colormap->findData(view.colormap)));
    m_scale->choose(view.logarithmic ? 1 : 0);
    m_range->setCurrentIndex(static_cast<int>(view.range));
    m_low->setValue(view.low);
    m_high->setValue(view.high);
    m_thresholdKind->setCurrentIndex(static_cast<int>(view.filters.thresholdKind));
    showThreshold(view.filters.thresholdKind);
    m_threshold->setValue(view.filters.threshold);
    m_special->setChecked(view.filters.hideSpecial);
    m_sinks->setChecked(view.filters.hideSinks);
    m_renormalize->setChecked(view.filters.renormalize);
    m_units->choose(view.filters.words ? 1 : 0);
    m_quiet = false;
    showRange();
}

void ViewBar::showRange() {
    const bool custom = m_view.range == RangeChoice::custom;
    m_low->setVisible(custom);
    m_high->setVisible(custom);
}

void ViewBar::resizeEvent(QResizeEvent* event) {
    QFrame::resizeEvent(event);
    const auto fits = [this] {
        const int room = width() - layout()->contentsMargins().left() - layout()->contentsMargins().right();
        return std::max(m_first->minimumSize().width(), m_second->minimumSize().width()) <= room;
    };
    const auto fit = [&] {
        for (auto* caption : m_captions) caption->show();
        for (auto* caption : m_captions) {
            if (fits()) return true;
            caption->hide();
        }
        return fits();
    };
    breakLine(false);
    if (fit()) return;
    breakLine(true);
    fit();
}

void ViewBar::breakLine(bool broken) {
    if (broken == std::exchange(m_broken, broken)) return;
    auto* from = broken ? m_first : m_second;
    auto* to = broken ? m_second : m_first;
    // Before the stretch, in their order.
    int at = broken ? 0 : to->indexOf(m_layout) - 1;
    for (auto* widget : m_movable) {
        from->removeWidget(widget);
        to->insertWidget(at++, widget);
    }
    m_break->setVisible(!broken);
    m_second->parentWidget()->setVisible(broken);
    setFixedHeight(broken ? 2 * kLine : kLine);
}

void ViewBar::showThreshold(ThresholdKind kind) {
    const bool count = kind == ThresholdKind::topK;
    m_threshold->setDecimals(count ? 0 : 4);
    m_threshold->setRange(0, count ? 100'000 : 1);
    m_threshold->setSingleStep(count ? 1 : kind == ThresholdKind::mass ? 0.05 : 0.01);
}

void ViewBar::setLayoutMenu(QMenu* menu) {
    m_layout->setMenu(menu);
}

void ViewBar::setLayoutName(const QString& name) {
    m_layout->setText(QString(name).replace('&', "&&"));
}

void ViewBar::emitChosen() {
    if (m_quiet) return;
    m_view.filters.combine = static_cast<Combine>(m_combine->currentIndex());
    const auto kind = static_cast<ThresholdKind>(m_thresholdKind->currentIndex());
    if (kind != m_view.filters.thresholdKind) {
        // A number of one kind means nothing as another.
        m_quiet = true;
        m_threshold->setValue(0);
        showThreshold(kind);
        m_quiet = false;
    }
    m_view.filters.thresholdKind = kind;
    m_view.filters.threshold = m_threshold->value();
    m_view.filters.hideSpecial = m_special->isChecked();
    m_view.filters.hideSinks = m_sinks->isChecked();
    m_view.filters.renormalize = m_renormalize->isChecked();
    m_view.filters.words = m_units->chosen() == 1;
    m_view.colormap = m_colormap->currentData().toString();
    m_view.logarithmic = m_scale->chosen() == 1;
    m_view.range = static_cast<RangeChoice>(m_range->currentIndex());
    m_view.low = m_low->value();
    m_view.high = m_high->value();
    showRange();
    emit viewChosen(m_view);
}

}  // namespace attnviz::ui
