#include "ui/panes/comparison_controls.h"

#include <QBoxLayout>
#include <QComboBox>
#include <QLabel>
#include <QSettings>
#include <QToolButton>
#include <algorithm>

#include "ui/state/file_controller.h"
#include "ui/theme/appearance.h"
#include "ui/theme/icons.h"
#include "ui/widgets/pane_parts.h"
#include "ui/widgets/segments.h"

namespace attnviz::ui {
namespace {

constexpr int kZoomFrom = 620, kFitFrom = 690, kZoomWordsFrom = 740;

}  // namespace

ComparisonControls::ComparisonControls(QBoxLayout& row, QWidget* parent) : QObject(parent) {
    makeDocuments(row);
    row.addStretch(1);
    m_view = new Segments(tr("What is compared"),
                          {tr("A and B"), tr("Difference"), tr("All three"), tr("Changes"), tr("Similarity")},
                          parent);
    m_view->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);  // words whole; titles give way
    row.addWidget(m_view);
    const QSettings kept(stateFile(), QSettings::IniFormat);
    m_view->choose(
        std::clamp(kept.value("comparison/view", static_cast<int>(ComparisonView::allThree)).toInt(), 0,
                   static_cast<int>(ComparisonView::similarity)));
    makeZoom(row);
    connect(m_view, &Segments::chosenChanged, this, [this](int view) {
        QSettings(stateFile(), QSettings::IniFormat).setValue("comparison/view", view);
        arrange();
        emit viewChosen();
    });
}

void ComparisonControls::makeDocuments(QBoxLayout& row) {
    const auto box = [&](const QString& mark, const QString& name) {
        row.addWidget(plainLabel(mark, "strong", parentWidget()));
        auto* made = new QComboBox(parentWidget());
        made->setAccessibleName(name);
        made->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        made->setMinimumWidth(56);
        made->setMaximumWidth(260);
        row.addWidget(made, 1);
        return made;
    };
    m_a = box("A", tr("Document A"));
    m_swap = new QToolButton(parentWidget());
    m_swap->setText(QStringLiteral("⇄"));
    m_swap->setToolTip(tr("Swap A and B"));
    m_swap->setAccessibleName(tr("Swap A and B"));
    row.addWidget(m_swap);
    m_b = box("B", tr("Document B"));
    connect(m_a, &QComboBox::activated, this, [this] {
        m_chosenA = m_a->currentData().toInt();
        if (m_chosenA == m_rightId) m_chosenB = m_leftId;
        emit documentsChosen();
    });
    connect(m_b, &QComboBox::activated, this, [this] {
        m_chosenB = m_b->currentData().toInt();
        emit documentsChosen();
    });
    connect(m_swap, &QToolButton::clicked, this, &ComparisonControls::swap);
}

void ComparisonControls::makeZoom(QBoxLayout& row) {
    const auto button = [&](Icon which, const QString& name, auto&& clicked) {
        auto* made = new QToolButton(parentWidget());
        made->setIcon(icon(which));
        made->setIconSize({16, 16});
        made->setToolTip(name);
        made->setAccessibleName(name);
        made->setFocusPolicy(Qt::TabFocus);
        connect(&Appearance::instance(), &Appearance::changed, made,
                [made, which] { made->setIcon(icon(which)); });
        connect(made, &QToolButton::clicked, this, clicked);
        row.addWidget(made);
        m_zoomButtons << made;
    };
    button(Icon::zoomOut, tr("Zoom all maps out"), [this] { emit zoomAsked(0.8); });
    m_zoom = plainLabel(tr("Fit"), "secondary", parentWidget());
    m_zoom->setMinimumWidth(40);
    m_zoom->setAlignment(Qt::AlignCenter);
    row.addWidget(m_zoom);
    button(Icon::zoomIn, tr("Zoom all maps in"), [this] { emit zoomAsked(1.25); });
    button(Icon::fit, tr("Fit all maps"), [this] { emit fitAsked(); });
    arrange();
}

void ComparisonControls::setWidth(int width) {
    m_width = width;
    arrange();
}

// The words of how far it is zoomed give way first, then the buttons: keys, the wheel and a double click do
// the same.
void ComparisonControls::arrange() {
    for (auto* button : m_zoomButtons)
        button->setVisible(showsMaps() && m_width >= (button == m_zoomButtons.last() ? kFitFrom : kZoomFrom));
    m_zoom->setVisible(showsMaps() && m_width >= kZoomWordsFrom);
}

void ComparisonControls::showZoom(double zoomed) {
    m_zoom->setText(zoomed <= 1 ? tr("Fit")
                                : QString::number(zoomed, 'f', zoomed < 100 ? 1 : 0) + QChar(0xD7));
}

ComparisonView ComparisonControls::view() const {
    return static_cast<ComparisonView>(m_view->chosen());
}

void ComparisonControls::swap() {
    if (m_leftId == 0 || m_rightId == 0) return;
    m_chosenA = m_rightId;
    m_chosenB = m_leftId;
    emit documentsChosen();
}

ComparedChoice ComparisonControls::choice(const Workspace& workspace) const {
    ComparedChoice found{&workspace.document(), nullptr};
    const Document* chosen = m_chosenA > 0 ? workspace.find(m_chosenA) : nullptr;
    if (chosen && !chosen->isEmpty()) found.left = chosen;
    chosen = m_chosenB > 0 ? workspace.find(m_chosenB) : nullptr;
    if (chosen && chosen != found.left && !chosen->isEmpty()) {
        found.right = chosen;
        return found;
    }
    for (const auto& document : workspace.documents())
        if (!found.right && document.get() != found.left && !document->isEmpty())
            found.right = document.get();
    return found;
}

void ComparisonControls::showDocuments(const Workspace& workspace, const ComparedChoice& choice) {
    const auto fill = [](QComboBox& box, const std::vector<std::pair<QString, int>>& entries, int chosen) {
        box.clear();
        for (const auto& [title, id] : entries) {
            box.addItem(title, id);
            if (id == chosen) box.setCurrentIndex(box.count() - 1);
        }
        box.setEnabled(box.count() > 1);
    };
    std::vector<std::pair<QString, int>> all, others;
    int number = 0;
    for (const auto& document : workspace.documents()) {
        ++number;
        if (document->isEmpty()) continue;
        const QString title = QString("%1 · %2").arg(number).arg(Workspace::titleOf(*document));
        all.emplace_back(title, document->id);
        if (document.get() != choice.left) others.emplace_back(title, document->id);
    }
    fill(*m_a, all, choice.left->id);
    fill(*m_b, others, choice.right ? choice.right->id : 0);
    m_swap->setEnabled(choice.right != nullptr);
    m_leftId = choice.left->isEmpty() ? 0 : choice.left->id;
    m_rightId = choice.right ? choice.right->id : 0;
}

}  // namespace attnviz::ui
